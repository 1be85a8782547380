package runtime

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime/weights"
)

// TensorSource is where a model's tensors come from, such as a weights.File.
type TensorSource interface {
	Names() []string
	Tensor(name string) (weights.Tensor, bool)
}

// ErrNotFinite is wrapped when a weight is NaN or infinite.
var ErrNotFinite = errors.New("weights are not finite")

// maxChecked is the size in bytes up to which Load looks for weights that are
// not finite in a puzzle table. Of a larger one Model.Check looks at the row
// that a puzzle needs.
const maxChecked = 128 << 20

// Load returns the model of a .hrm file. Its matrices lie in the file's bytes.
// An error wraps ErrConfig, ErrTensors or ErrNotFinite.
func Load(f *weights.File) (*Model, error) {
	c, err := ParseConfig(f.Header.Config)
	if err != nil {
		return nil, err
	}
	m, err := FromTensors(c, f)
	if err != nil {
		return nil, err
	}
	if err := checkFinite(f); err != nil {
		return nil, err
	}
	m.Task, m.TaskSpec, m.Meta = f.Header.Task, f.Header.TaskSpec, f.Header.Meta
	return m, nil
}

// checkFinite reports the first tensor with a number that is NaN or infinite.
func checkFinite(f *weights.File) error {
	for _, t := range f.Tensors() {
		if strings.HasPrefix(t.Name, TrainPrefix) || t.Name == puzzleTable && len(t.Bytes) > maxChecked {
			continue
		}
		if n, first := t.NotFinite(); n > 0 {
			return fmt.Errorf("%w: tensor %s: %d of its %d numbers are NaN or infinite, the first is number %d: its training diverged, or the file was made of a damaged one",
				ErrNotFinite, t.Name, n, t.Len(), first+1)
		}
	}
	return nil
}

// puzzleTable is the name of the puzzle table's tensor.
const puzzleTable = "puzzle_emb.weights"

// FromTensors returns the model of a configuration with the tensors of src,
// whose names must be exactly those of TensorShapes, besides the scales of i8
// tensors and names that start with TrainPrefix.
func FromTensors(c Config, src TensorSource) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := c.CheckTensors(shapesOf(src)); err != nil {
		return nil, err
	}
	m := newModel(c)
	for _, s := range m.slots() {
		t, _ := src.Tensor(s.Name)
		if err := s.fill(t, src); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTensors, err)
		}
	}
	return m, nil
}

// shapesOf lists the tensors of src that a model should account for.
func shapesOf(src TensorSource) map[string][]int {
	shapes := map[string][]int{}
	for _, name := range src.Names() {
		if t, ok := src.Tensor(name); ok && !strings.HasPrefix(name, TrainPrefix) {
			shapes[name] = t.Shape
		}
	}
	for name := range shapes {
		if t, _ := src.Tensor(name); t.DType == weights.I8 && t.Scale == name+scaleSuffix {
			delete(shapes, t.Scale)
		}
	}
	return shapes
}

// scaleSuffix makes the name of an i8 tensor's scale.
const scaleSuffix = ".scale"

func (s *slot) fill(t weights.Tensor, src TensorSource) (err error) {
	if s.vector != nil {
		*s.vector, err = t.Float32s()
		return err
	}
	if *s.matrix, err = matrixOf(t, src); err == nil && strings.Contains(s.Name, "_level.") && !s.Matrix {
		*s.matrix = quantize.NewF32(s.matrix.Float32(), s.matrix.Rows, s.matrix.Cols)
	}
	return err
}

// matrixOf sees a tensor [rows, cols] as a matrix, in place.
func matrixOf(t weights.Tensor, src TensorSource) (m quantize.Matrix, err error) {
	m.Rows, m.Cols = t.Shape[0], t.Shape[1]
	switch t.DType {
	case weights.F32:
		m.Format = quantize.F32
		m.F32, err = weights.View[float32](t)
	case weights.F16:
		m.Format = quantize.F16
		m.Half, err = weights.View[uint16](t)
	case weights.BF16:
		m.Format = quantize.BF16
		m.Half, err = weights.View[uint16](t)
	case weights.I8:
		m.Format = quantize.I8
		if m.I8, err = weights.View[int8](t); err != nil {
			return m, err
		}
		scale, ok := src.Tensor(t.Scale)
		if !ok || scale.Len() != m.Rows {
			return m, fmt.Errorf("%s has no scale of %d rows", t.Name, m.Rows)
		}
		m.Scale, err = weights.View[float32](scale)
	default:
		err = fmt.Errorf("%s is %v, want f32, f16, bf16 or i8", t.Name, t.DType)
	}
	return m, err
}
