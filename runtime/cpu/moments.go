package cpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// ErrI8 is returned by Moments for a model that rounds what its matrices
// multiply.
var ErrI8 = errors.New("the model is int8 already")

// Moments thinks about puzzles with m and returns, for each matrix of its
// levels, H = sum of x^T x over all rows x that the matrix multiplies: of every
// pass of every segment, until the puzzle halts or has had all segments of
// training. each, unless nil, is called after every puzzle. It works on one
// thread, so that the same puzzles always give the same sums; a row of K inputs
// takes K^2 multiplications beside the matrix's own, and H 8 K^2 bytes. Errors
// are those of New, ErrI8, runtime.ErrInput and that of ctx.
func Moments(ctx context.Context, m *runtime.Model, puzzles []runtime.Input, each func()) (runtime.Moments, error) {
	for i, in := range puzzles {
		if err := m.Check(in); err != nil {
			return nil, fmt.Errorf("puzzle %d: %w", i, err)
		}
	}
	b, err := New(m, Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if b.has8() {
		return nil, ErrI8
	}
	moments := b.gather()
	_, err = runtime.Solve(ctx, b, puzzles, runtime.Options{Lanes: 1, OnResult: func(int, runtime.Result) {
		if each != nil {
			each()
		}
	}})
	return moments, err
}

// gather returns moments, to which whatever the matrices multiply is added from
// now on.
func (b *Backend) gather() runtime.Moments {
	moments, part := runtime.Moments{}, new([]float32)
	for _, m := range b.matrices {
		if m.head() {
			continue
		}
		h := quantize.NewMoments(m.cols)
		moments[m.w] = h
		(*m.to).seen = func(x []float32) { addMoments(h, x, part) }
	}
	return moments
}

// addMoments adds rows x to h: a product in float32, and the sum of products in
// float64. part is scratch of all matrices.
func addMoments(h *quantize.Moments, x []float32, part *[]float32) {
	k := h.K
	if len(*part) < k*k {
		*part = make([]float32, k*k)
	}
	p := (*part)[:k*k]
	clear(p)
	kernels.AddOuter(p, x, x, len(x)/k, k, k)
	for i, v := range p {
		h.Sum[i] += float64(v)
	}
	h.Rows += len(x) / k
}
