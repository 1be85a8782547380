package engine

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// WriteSafetensors writes a float32 model as a .safetensors file with the
// configuration in its metadata, which bench/pytorch/engine.py reads.
func WriteSafetensors(path string, m *runtime.Model) error {
	m, _, err := m.Convert(quantize.F32)
	if err != nil {
		return err
	}
	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	config, err := json.Marshal(m.Config.Map())
	if err != nil {
		return err
	}
	header := map[string]any{"__metadata__": map[string]string{"config": string(config)}}
	end := int64(0)
	for _, t := range m.Tensors() {
		start := end
		end += int64(len(t.Bytes))
		header[t.Name] = entry{"F32", t.Shape, [2]int64{start, end}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	return weights.ReplaceFile(path, func(w io.Writer) error {
		if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)); err != nil {
			return err
		}
		for _, t := range m.Tensors() {
			if _, err := w.Write(t.Bytes); err != nil {
				return err
			}
		}
		return nil
	})
}
