package runtime

import (
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Save writes the model to a .hrm file, atomically.
func (m *Model) Save(path string) error {
	return m.Read(func() error { return weights.WriteFile(path, m.Header(), m.Tensors()) })
}

// Encode returns the model as a .hrm file in memory.
func (m *Model) Encode() ([]byte, error) {
	return weights.Encode(m.Header(), m.Tensors())
}

// Header returns the header of the model's file.
func (m *Model) Header() weights.Header {
	return weights.Header{Config: m.Config.Map(), Task: m.Task, TaskSpec: m.TaskSpec, Meta: m.Meta}
}

// Tensors returns the tensors of the model's file, in place. The puzzle table
// is the last; an i8 tensor is followed by its scale.
func (m *Model) Tensors() []weights.Tensor {
	var tensors []weights.Tensor
	for _, s := range m.slots() {
		if s.vector != nil {
			tensors = append(tensors, weights.Of(s.Name, weights.F32, *s.vector, s.Shape...))
			continue
		}
		tensors = append(tensors, matrixTensors(s.Name, s.matrix)...)
	}
	return tensors
}

func matrixTensors(name string, m *quantize.Matrix) []weights.Tensor {
	switch m.Format {
	case quantize.F16:
		return []weights.Tensor{weights.Of(name, weights.F16, m.Half, m.Rows, m.Cols)}
	case quantize.BF16:
		return []weights.Tensor{weights.Of(name, weights.BF16, m.Half, m.Rows, m.Cols)}
	case quantize.I8:
		q := weights.Of(name, weights.I8, m.I8, m.Rows, m.Cols)
		q.Scale = name + scaleSuffix
		return []weights.Tensor{q, weights.Of(q.Scale, weights.F32, m.Scale, m.Rows)}
	}
	return []weights.Tensor{weights.Of(name, weights.F32, m.F32, m.Rows, m.Cols)}
}
