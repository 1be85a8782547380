package cpu

import (
	"errors"
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
)

// weights is a matrix w [N, K] laid out for the kernels in one of the formats
// that they execute; the others are nil.
type weights struct {
	f32 *kernels.Panels
	f16 *kernels.PanelsF16
	i8  *kernels.PanelsI8

	plain []float32 // or numbers as they are, of what is no matrix

	seen func(x []float32) // given all rows x [rows, K] that w multiplies, or nil
}

// format returns the format in which a matrix is executed: its own where
// kernels are fast at it. What has none is expanded to float32 at load. So are
// the heads, which are small and decide.
func (m *matrix) format() quantize.Format {
	switch {
	case m.head():
	case m.w.Format == quantize.I8 && kernels.FastI8(), m.w.Format == quantize.F16 && kernels.FastF16():
		return m.w.Format
	}
	return quantize.F32
}

// The names of the heads.
const (
	lmHead = "lm_head"
	qHead  = "q_head"
)

func (m *matrix) head() bool { return m.name == lmHead || m.name == qHead }

// memoryOf is the memory of all matrices, a piece for each format.
type memoryOf struct {
	sizes [quantize.I8 + 1]int
	total int
	f32   []float32
	f16   []kernels.F16
	i8    []int8
}

// count adds a matrix. What would not fit as float32 is refused.
func (m *memoryOf) count(w *matrix) error {
	f, n := w.format(), kernels.PanelsLen(w.rows, w.cols)
	if f == quantize.I8 {
		n = kernels.PanelsI8Len(w.rows, w.cols)
	}
	if n > math.MaxInt/4-m.total {
		return errors.New("the weights do not fit the address space")
	}
	m.total += n
	m.sizes[f] += n
	return nil
}

func (m *memoryOf) allocate() {
	m.f32 = kernels.WeightMemory[float32](m.sizes[quantize.F32])
	m.f16 = kernels.WeightMemory[kernels.F16](m.sizes[quantize.F16])
	m.i8 = kernels.WeightMemory[int8](m.sizes[quantize.I8])
}

// take cuts n numbers off the front of memory. Its capacity reaches to the end,
// so that a product may fetch the matrix that comes next.
func take[T any](memory *[]T, n int) []T {
	s := (*memory)[:n]
	*memory = (*memory)[n:]
	return s
}

// pack lays a matrix out.
func (m *memoryOf) pack(w *matrix) *weights {
	switch w.format() {
	case quantize.I8:
		p := kernels.PanelsI8In(take(&m.i8, kernels.PanelsI8Len(w.rows, w.cols)), w.rows, w.cols)
		w.eachRow(func(from, to int) { p.SetRow(to, w.w.I8[from*w.cols:(from+1)*w.cols], w.w.Scale[from]) })
		return &weights{i8: p}
	case quantize.F16:
		p := &kernels.PanelsF16{N: w.rows, K: w.cols, Data: take(&m.f16, kernels.PanelsLen(w.rows, w.cols))}
		w.eachRow(func(from, to int) { p.SetRow(to, w.w.Half[from*w.cols:(from+1)*w.cols]) })
		return &weights{f16: p}
	}
	p := &kernels.Panels{N: w.rows, K: w.cols, Data: take(&m.f32, kernels.PanelsLen(w.rows, w.cols))}
	row := make([]float32, w.cols)
	w.eachRow(func(from, to int) {
		w.w.Row(row, from)
		p.SetRow(to, row)
	})
	return &weights{f32: p}
}

// eachRow calls set with each row of the model's matrix and where it goes.
func (m *matrix) eachRow(set func(from, to int)) {
	for i := range m.rows {
		to := i
		if m.order != nil {
			to = m.order(i, m.rows)
		}
		set(i, to)
	}
}

// n returns the number of rows of w.
func (w *weights) n() int {
	switch {
	case w.i8 != nil:
		return w.i8.N
	case w.f16 != nil:
		return w.f16.N
	}
	return w.f32.N
}

// bytes returns the size of the numbers.
func (w *weights) bytes() int {
	switch {
	case w.i8 != nil:
		return len(w.i8.Data)
	case w.f16 != nil:
		return 2 * len(w.f16.Data)
	}
	return 4 * len(w.f32.Data)
}

// operand is what weights multiply: x [rows, k], and the same in int8 where the
// weights are.
type operand struct {
	x       []float32
	k, rows int
	i8      kernels.RowsI8
}

// quantize rounds x.
func (o *operand) quantize() { o.i8.Quantize(o.x, o.k, o.rows, o.k) }

// row returns one row.
func (o *operand) row(i int) operand {
	r := operand{x: o.x[i*o.k : (i+1)*o.k], k: o.k, rows: 1}
	if o.i8.Data != nil {
		r.i8 = o.i8.Rows(i, 1)
	}
	return r
}

// room returns memory for rows in int8.
func (s *scratch) room(rows int) kernels.RowsI8 {
	if len(s.rows.Scale) < rows {
		s.rows = *kernels.NewRowsI8(max(rows, chunkRows), s.widest)
	}
	return s.rows
}

// operand prepares x [rows, k] for w. It is valid until the next one.
func (s *scratch) operand(x []float32, k int, w *weights) operand {
	o := operand{x: x, k: k, rows: len(x) / k}
	if w.i8 != nil {
		o.i8 = s.room(o.rows)
		o.quantize()
	}
	return o
}

// multiply sets y [rows, ldy] = x . w^T for rows lo..lo+n-1 of w. lo must be a
// multiple of kernels.PanelWidth.
func (o *operand) multiply(y []float32, ldy int, w *weights, lo, n int) {
	if w.seen != nil && lo == 0 {
		w.seen(o.x)
	}
	switch {
	case w.i8 != nil:
		p := w.i8.Rows(lo, n)
		kernels.MatMulI8(y, ldy, &o.i8, o.rows, &p)
	case w.f16 != nil:
		p := w.f16.Rows(lo, n)
		kernels.MatMulF16(y, ldy, o.x, o.k, o.rows, &p)
	default:
		p := w.f32.Rows(lo, n)
		kernels.MatMulT(y, ldy, o.x, o.k, o.rows, &p)
	}
}
