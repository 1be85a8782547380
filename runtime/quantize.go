package runtime

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/quantize"
)

// TensorError is the error that a conversion made in one tensor.
type TensorError struct {
	Name   string
	Error  quantize.Error
	Output quantize.OutputError // of what the tensor multiplies; zero without moments
}

// Moments are those of what each matrix of a model's levels multiplies, by its
// place in the model. cpu.Moments gathers them.
type Moments map[*quantize.Matrix]*quantize.Moments

// Convert returns the model with the matrices of its levels in another format,
// and the error of each. Embeddings, heads, the puzzle table and all vectors
// stay as they are, and are shared with m.
func (m *Model) Convert(to quantize.Format) (*Model, []TensorError, error) {
	return m.convert(func(w *quantize.Matrix) (q quantize.Matrix, e quantize.OutputError, err error) {
		q, err = quantize.Convert(*w, to)
		return q, e, err
	})
}

// Calibrate is Convert to int8 by quantize.Smooth, for each SwiGLU, and
// quantize.Calibrate, for the rows that each matrix multiplies. Its errors are
// against the smoothed matrices, of which the model is the same function. each,
// unless nil, is called after every matrix. A matrix without moments wraps
// quantize.ErrMoments.
func (m *Model) Calibrate(ctx context.Context, moments Moments, each func()) (*Model, []TensorError, error) {
	m, moments, err := m.smooth(moments)
	if err != nil {
		return nil, nil, err
	}
	return m.convert(func(w *quantize.Matrix) (quantize.Matrix, quantize.OutputError, error) {
		if each != nil {
			defer each()
		}
		return quantize.Calibrate(ctx, *w, moments[w])
	})
}

// smooth returns a model of the same function with every SwiGLU smoothed, and the
// moments of its matrices.
func (m *Model) smooth(moments Moments) (*Model, Moments, error) {
	out, of := m.withLayers(), Moments{}
	from := m.slots()
	for i, s := range out.slots() {
		if h := moments[from[i].matrix]; h != nil {
			of[s.matrix] = h
		}
	}
	for _, layers := range [][]Layer{out.HLevel, out.LLevel} {
		for i := range layers {
			if err := smoothLayer(&layers[i], of); err != nil {
				return nil, nil, fmt.Errorf("layer %d: %w", i, err)
			}
		}
	}
	return out, of, nil
}

// smoothLayer replaces the matrices of each SwiGLU, and their moments.
func smoothLayer(l *Layer, of Moments) (err error) {
	for _, p := range []struct{ gateUp, down *quantize.Matrix }{{&l.GateUp, &l.Down}, {&l.GateUpT, &l.DownT}} {
		if p.down.Cols == 0 {
			continue // no SwiGLU over positions
		}
		if *p.gateUp, *p.down, of[p.down], err = quantize.Smooth(*p.gateUp, *p.down, of[p.down]); err != nil {
			return err
		}
	}
	return nil
}

// withLayers returns the model with layers of its own.
func (m *Model) withLayers() *Model {
	out := *m
	out.HLevel = append([]Layer(nil), m.HLevel...)
	out.LLevel = append([]Layer(nil), m.LLevel...)
	return &out
}

// convert returns the model with the matrices of its levels replaced; convert is
// given each of m.
func (m *Model) convert(convert func(*quantize.Matrix) (quantize.Matrix, quantize.OutputError, error)) (*Model, []TensorError, error) {
	out := m.withLayers()
	var report []TensorError
	from := m.slots()
	for i, s := range out.slots() {
		if !s.Matrix {
			continue
		}
		q, output, err := convert(from[i].matrix)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", s.Name, err)
		}
		report = append(report, TensorError{s.Name, quantize.Compare(q, *s.matrix), output})
		*s.matrix = q
	}
	return out, report, nil
}
