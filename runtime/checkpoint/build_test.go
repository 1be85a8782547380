package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// pickler assembles a pickle, opcode by opcode.
type pickler struct{ bytes.Buffer }

func (p *pickler) op(ops ...byte) *pickler { p.Write(ops); return p }

func (p *pickler) global(name string) *pickler {
	dot := strings.LastIndexByte(name, '.')
	p.WriteString("c" + name[:dot] + "\n" + name[dot+1:] + "\n")
	return p
}

func (p *pickler) str(s string) *pickler {
	p.WriteByte('X')
	binary.Write(p, binary.LittleEndian, uint32(len(s)))
	p.WriteString(s)
	return p
}

func (p *pickler) int(n int64) *pickler {
	p.Write([]byte{0x8a, 8}) // LONG1
	binary.Write(p, binary.LittleEndian, n)
	return p
}

func (p *pickler) ints(list ...int64) *pickler {
	p.op('(')
	for _, n := range list {
		p.int(n)
	}
	return p.op('t')
}

func (p *pickler) storage(class, key string, numel int64) *pickler {
	return p.op('(').str("storage").global(class).str(key).str("cuda:0").int(numel).op('t', 'Q')
}

// tensor pushes a tensor over the whole of a storage, or as strides say.
func (p *pickler) tensor(class, key string, numel, offset int64, shape, stride []int64) *pickler {
	p.global("torch._utils._rebuild_tensor_v2").op('(').storage(class, key, numel).int(offset).ints(shape...).ints(stride...)
	return p.op(0x89).global("collections.OrderedDict").op(')', 'R', 't', 'R')
}

func (p *pickler) emptyDict() *pickler { return p.global("collections.OrderedDict").op(')', 'R') }

// begin and end enclose the pairs of a state dict.
func (p *pickler) begin() *pickler { return p.op(0x80, 2).emptyDict().op('(') }

func (p *pickler) end() []byte {
	p.op('u', '}').str("_metadata").emptyDict().op('s', 'b', '.')
	return p.Bytes()
}

// record is an entry of a zip.
type record struct {
	name   string
	data   []byte
	method uint16
}

func zipOf(t testing.TB, records ...record) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, r := range records {
		w, err := z.CreateHeader(&zip.FileHeader{Name: r.name, Method: r.method})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(r.data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func floatBytes(list ...float32) []byte {
	var b []byte
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func rowMajor(shape []int) (dims, stride []int64, numel int64) {
	stride = make([]int64, len(shape))
	numel = 1
	for i := len(shape) - 1; i >= 0; i-- {
		stride[i] = numel
		numel *= int64(shape[i])
	}
	for _, d := range shape {
		dims = append(dims, int64(d))
	}
	return dims, stride, numel
}

// torchFile is what torch.save writes of a state dict of float32 tensors, of
// which those named in half are bfloat16.
func torchFile(t testing.TB, prefix string, tensors []weights.Tensor, half ...string) []byte {
	t.Helper()
	p := new(pickler).begin()
	records := []record{{name: "step_7/data.pkl"}}
	for i, x := range tensors {
		shape, stride, numel := rowMajor(x.Shape)
		class, data := "torch.FloatStorage", x.Bytes
		for _, name := range half {
			if name == x.Name {
				class, data = "torch.BFloat16Storage", upperHalves(data)
			}
		}
		key := fmt.Sprint(i)
		p.str(prefix+x.Name).tensor(class, key, numel, 0, shape, stride)
		records = append(records, record{name: "step_7/data/" + key, data: data})
	}
	records[0].data = p.end()
	return zipOf(t, append(records, record{name: "step_7/version", data: []byte("3\n")}, record{name: "step_7/byteorder", data: []byte("little")})...)
}

// upperHalves turns float32 into bfloat16 by cutting.
func upperHalves(b []byte) []byte {
	var out []byte
	for i := 2; i < len(b); i += 4 {
		out = append(out, b[i:i+2]...)
	}
	return out
}

// safeFile is a .safetensors file.
func safeFile(t testing.TB, tensors []weights.Tensor) []byte {
	t.Helper()
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	var data []byte
	for _, x := range tensors {
		header[x.Name] = map[string]any{
			"dtype": strings.ToUpper(x.DType.String()), "shape": append([]int{}, x.Shape...),
			"data_offsets": []int{len(data), len(data) + len(x.Bytes)},
		}
		data = append(data, x.Bytes...)
	}
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return safeBytes(string(h), data)
}

func safeBytes(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func smallConfig() runtime.Config {
	return runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 3, PuzzleEmbDim: 10, Hidden: 8, Heads: 2, Expansion: 4,
		HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 3, Positions: runtime.Rope, HaltMaxSteps: 5, NormEps: 1e-5, RopeTheta: 1e4,
	}
}

// smallTensors are those of a model, filled with small whole numbers, which
// bfloat16 holds too.
func smallTensors(c runtime.Config) []weights.Tensor {
	var list []weights.Tensor
	next := 0
	for _, s := range c.TensorShapes() {
		n := 1
		for _, d := range s.Shape {
			n *= d
		}
		w := make([]float32, n)
		for i := range w {
			next++
			w[i] = float32(next%255 - 127)
		}
		list = append(list, weights.Of(s.Name, weights.F32, w, s.Shape...))
	}
	return list
}

const smallYAML = `arch:
  name: hrm.hrm_act_v1@HierarchicalReasoningModel_ACTV1
  loss: {name: losses@ACTLossHead, loss_type: stablemax_cross_entropy}
  halt_exploration_prob: 0.1
  halt_max_steps: 5
  H_cycles: 2
  L_cycles: 3
  H_layers: 1
  L_layers: 2
  hidden_size: 8
  num_heads: 2
  expansion: 4
  puzzle_emb_ndim: 10
  pos_encodings: rope
  forward_dtype: bfloat16
  adaptive_depth: true
lr: 1e-04
data_path: data/sudoku
`

// writeFolder makes a folder with the given files.
func writeFolder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
