package quantize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hrmgo/hrm/internal/pool"
)

// ErrMoments is wrapped by the error about moments that do not fit a matrix:
// of another width, of no rows, or not finite.
var ErrMoments = errors.New("moments do not fit the matrix")

// Moments is H = sum of x^T x over the rows x [K] that a matrix [N, K]
// multiplies.
type Moments struct {
	K, Rows int
	Sum     []float64 // [K, K], symmetric
}

// NewMoments returns moments of no rows yet.
func NewMoments(k int) *Moments { return &Moments{K: k, Sum: make([]float64, k*k)} }

// OutputError is how far the products with int8 weights are from those with the
// matrix m, over the rows of the moments: 2-norm of the difference / 2-norm of
// the products.
type OutputError struct {
	Calibrated float64
	Nearest    float64 // the same of Convert's numbers
}

// Calibrate is Convert to I8 for the rows that m multiplies. It keeps Convert's
// scales and makes small, for each row w [K] of m with its int8 row q,
//
//	e H e^T    e = w - scale q
//
// by rounding the inputs one after the other, those of the largest moment first,
// each to what makes up best for the errors so far: with R upper triangular,
// R^T R = H,
//
//	q[j] = round((w[j] + sum over i > j of R[j, i] e[i] / R[j, j]) / scale)    j = K-1 ... 0
//
// That is GPTQ (Frantar et al., arXiv:2210.17323), written as Babai's nearest
// plane (arXiv:2507.18553). A row for which the nearest numbers are better keeps
// them, so e H e^T is never above Convert's. A matrix in I8 is returned as it is.
// It takes 7/2 N K^2 multiplications, on all processors, which change no bit of the
// result. Errors are those of Convert, ErrMoments and that of ctx.
func Calibrate(ctx context.Context, m Matrix, h *Moments) (Matrix, OutputError, error) {
	if err := h.check(m.Cols); err != nil {
		return Matrix{}, OutputError{}, err
	}
	q, err := Convert(m, I8)
	if err != nil || m.Format == I8 {
		return q, OutputError{}, err
	}
	f, err := newFeedback(h)
	if err != nil {
		return Matrix{}, OutputError{}, err
	}
	workers := pool.New(0)
	defer workers.Close()
	sums, scratch := make([]rowSums, m.Rows), make([]rowScratch, workers.Workers())
	for i := range scratch {
		scratch[i] = newRowScratch(m.Cols)
	}
	workers.Run(m.Rows, func(worker, i int) {
		if ctx.Err() == nil {
			s := &scratch[worker]
			m.Row(s.w, i)
			sums[i] = f.improve(q.I8[i*m.Cols:(i+1)*m.Cols], q.Scale[i], s)
		}
	})
	if err := ctx.Err(); err != nil {
		return Matrix{}, OutputError{}, err
	}
	return q, outputError(sums), nil
}

// check reports moments that say nothing about rows of k numbers.
func (h *Moments) check(k int) error {
	switch {
	case h == nil:
		return fmt.Errorf("%w: there are none", ErrMoments)
	case h.K != k || len(h.Sum) != k*k:
		return fmt.Errorf("%w: of %d inputs, the matrix has %d", ErrMoments, h.K, k)
	case h.Rows < 1:
		return fmt.Errorf("%w: they are of no rows", ErrMoments)
	}
	for _, v := range h.Sum {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: %v among them", ErrMoments, v)
		}
	}
	return nil
}

// rowSums is e H e^T of a row as it is, as nearest numbers, and w H w^T.
type rowSums struct{ calibrated, nearest, want float64 }

func outputError(rows []rowSums) OutputError {
	var all rowSums
	for _, r := range rows {
		all.calibrated += r.calibrated
		all.nearest += r.nearest
		all.want += r.want
	}
	if !(all.want > 0) {
		return OutputError{}
	}
	return OutputError{math.Sqrt(all.calibrated / all.want), math.Sqrt(all.nearest / all.want)}
}

// damping is what is added to H's diagonal, as a share of its mean, so that
// inputs that calibration saw little of are rounded to the nearest.
const damping = 1e-2

// feedback is what rounding the inputs of a matrix in turn needs.
type feedback struct {
	h     *Moments
	order []int     // of inputs, the smallest moment first
	r     []float64 // [K, K] upper triangular, of H in that order
}

func newFeedback(h *Moments) (*feedback, error) {
	k := h.K
	f := &feedback{h: h, order: make([]int, k), r: make([]float64, k*k)}
	var sum float64
	for j := range k {
		f.order[j] = j
		sum += h.Sum[j*k+j]
	}
	slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(h.Sum[a*k+a], h.Sum[b*k+b]) })
	for i, a := range f.order {
		for j, b := range f.order[i:] {
			f.r[i*k+i+j] = h.Sum[a*k+b]
		}
		f.r[i*k+i] += damping * sum / float64(k)
	}
	if sum == 0 { // every x is zero
		for i := range k {
			f.r[i*k+i] = 1
		}
	}
	if !cholesky(f.r, k) {
		return nil, fmt.Errorf("%w: they are not positive", ErrMoments)
	}
	return f, nil
}

// cholesky turns the upper triangle of a positive definite a [n, n] into R with
// R^T R = a, or returns false where a is none. The rest of a is left alone.
func cholesky(a []float64, n int) bool {
	for i := range n {
		row := a[i*n+i : (i+1)*n]
		if !(row[0] > 0) {
			return false
		}
		by := 1 / math.Sqrt(row[0])
		for j := range row {
			row[j] *= by
		}
		for j := 1; j < len(row); j++ {
			below := a[(i+j)*n+i+j : (i+j+1)*n]
			for k, v := range row[j:] {
				below[k] -= row[j] * v
			}
		}
	}
	return true
}

// rowScratch is a row w and what it takes.
type rowScratch struct {
	w       []float32
	q       []int8
	e, want []float64
}

func newRowScratch(k int) rowScratch {
	return rowScratch{make([]float32, k), make([]int8, k), make([]float64, k), make([]float64, k)}
}

// improve replaces the nearest numbers q of the row of s where others are better.
func (f *feedback) improve(q []int8, scale float32, s *rowScratch) rowSums {
	w := s.w
	for j, v := range w {
		s.want[j], s.e[j] = float64(v), float64(v)-float64(scale)*float64(q[j])
	}
	sums := rowSums{nearest: f.h.norm2(s.e), want: f.h.norm2(s.want)}
	sums.calibrated = sums.nearest
	if scale == 0 {
		return sums
	}
	f.round(s.q, w, float64(scale), s.e)
	for j, v := range w {
		s.e[j] = float64(v) - float64(scale)*float64(s.q[j])
	}
	if c := f.h.norm2(s.e); c < sums.nearest {
		sums.calibrated = c
		copy(q, s.q)
	}
	return sums
}

// round rounds a row; e, in the order of f, is its scratch.
func (f *feedback) round(q []int8, w []float32, scale float64, e []float64) {
	k := len(w)
	for j := k - 1; j >= 0; j-- {
		at, r := f.order[j], f.r[j*k+j:(j+1)*k]
		v := float64(w[at])
		n := math.RoundToEven((v + dot(r[1:], e[j+1:])/r[0]) / scale)
		n = max(-largest8, min(largest8, n))
		q[at], e[j] = int8(n), v-scale*n
	}
}

// norm2 returns e H e^T.
func (h *Moments) norm2(e []float64) (sum float64) {
	for i, v := range e {
		sum += v * dot(h.Sum[i*h.K:(i+1)*h.K], e)
	}
	return max(0, sum) // rounding may leave less
}

// dot in four sums, which do not wait for each other.
func dot(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	for ; len(a) >= 4; a, b = a[4:], b[4:] {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}
