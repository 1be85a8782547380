package runtime

import (
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/quantize"
)

// TensorError is the error that a conversion made in one tensor.
type TensorError struct {
	Name  string
	Error quantize.Error
}

// Convert returns the model with the matrices of its levels in another format,
// and the error of each. Embeddings, heads, the puzzle table and all vectors
// stay as they are, and are shared with m.
func (m *Model) Convert(to quantize.Format) (*Model, []TensorError, error) {
	out := *m
	out.HLevel = append([]Layer(nil), m.HLevel...)
	out.LLevel = append([]Layer(nil), m.LLevel...)
	var report []TensorError
	for _, s := range out.slots() {
		if s.matrix == nil || !strings.Contains(s.Name, "_level.") {
			continue
		}
		q, err := quantize.Convert(*s.matrix, to)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", s.Name, err)
		}
		report = append(report, TensorError{s.Name, quantize.Compare(q, *s.matrix)})
		*s.matrix = q
	}
	return &out, report, nil
}
