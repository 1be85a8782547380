package cpu

import "github.com/hrmgo/hrm/kernels"

// linear is y = x . w^T with a master weight w [n, k], made ready for both
// directions once per step.
type linear struct {
	n, k int
	w    []float32 // [n, k], a view of the parameters
	wt   []float32 // [k, n], float32 only

	bf16  bool
	forth kernels.PanelsBF16 // of w
	back  kernels.PanelsBF16 // of its transpose
}

// newLinear wraps w, or returns an empty linear for a weight that the model
// does not have. Factors are rounded to bfloat16 when bf16 asks for it and
// the shape allows it (pairs along k and n).
func newLinear(w []float32, n int, bf16 bool) *linear {
	if len(w) == 0 {
		return nil
	}
	l := &linear{n: n, k: len(w) / n, w: w}
	l.bf16 = bf16 && l.n%2 == 0 && l.k%2 == 0
	if !l.bf16 {
		l.wt = make([]float32, len(w))
	}
	return l
}

// prepare follows a change of w.
func (l *linear) prepare() {
	if l.bf16 {
		l.forth.Pack(l.w, l.n, l.k)
		l.back.PackT(l.w, l.n, l.k)
		return
	}
	const block = 16 // rows and columns, so that both sides stay in the cache
	for i0 := 0; i0 < l.n; i0 += block {
		for j0 := 0; j0 < l.k; j0 += block {
			for i := i0; i < min(i0+block, l.n); i++ {
				for j := j0; j < min(j0+block, l.k); j++ {
					l.wt[j*l.n+i] = l.w[i*l.k+j]
				}
			}
		}
	}
}

// rounding is a worker's scratch for operands in bfloat16.
type rounding struct {
	x, dy []kernels.BF16
}

// forward sets y [m, n] from x [m, k].
func (l *linear) forward(y, x []float32, m int, r *rounding) {
	if !l.bf16 {
		kernels.MatMul(y, x, l.wt, m, l.n, l.k, false)
		return
	}
	kernels.MatMulTBF16(y, l.n, r.round(&r.x, x[:m*l.k]), l.k, m, &l.forth, false)
}

// backward adds dy^T . x to dw [n, k], and sets dx [m, k] to dy . w, or adds
// it with add. A nil dx is left out.
func (l *linear) backward(dx, dw, dy, x []float32, m int, add bool, r *rounding) {
	if !l.bf16 {
		kernels.AddOuter(dw, dy, x, m, l.n, l.k)
		if dx != nil {
			kernels.MatMul(dx, dy, l.w, m, l.k, l.n, add)
		}
		return
	}
	if dx != nil {
		kernels.MatMulTBF16(dx, l.k, r.round(&r.dy, dy[:m*l.n]), l.n, m, &l.back, add)
	}
	kernels.AddOuterBF16(dw, r.pair(&r.dy, dy, m, l.n), r.pair(&r.x, x, m, l.k), m, l.n, l.k)
}

// pairs holds a gradient dy [rows, n] that comes in blocks of rows, as the
// gradient of a weight needs it.
type pairs struct{ dy []kernels.BF16 }

// backwardBlock is backward for m rows from lo on, an even number. What it
// leaves out of dw is up to endBlocks: one sum over all rows, instead of going
// through dw for every block.
func (l *linear) backwardBlock(dx, dw, dy, x []float32, lo, m int, add bool, p *pairs, r *rounding) {
	if !l.bf16 {
		l.backward(dx, dw, dy, x, m, add, r)
		return
	}
	kernels.MatMulTBF16(dx, l.k, r.round(&r.dy, dy[:m*l.n]), l.n, m, &l.back, add)
	size := kernels.PairedLen(m, l.n)
	if end := lo*l.n + size; len(p.dy) < end {
		p.dy = append(p.dy, make([]kernels.BF16, end-len(p.dy))...)
	}
	kernels.PairBF16(p.dy[lo*l.n:], dy, m, l.n)
}

// endBlocks adds to dw what backwardBlock left out in bfloat16; x is [rows, k]
// in pairs.
func (l *linear) endBlocks(dw []float32, x []kernels.BF16, rows int, p *pairs) {
	kernels.AddOuterBF16(dw, p.dy, x, rows, l.n, l.k)
}

func (r *rounding) round(buf *[]kernels.BF16, x []float32) []kernels.BF16 {
	out := grow(buf, len(x))
	kernels.RoundBF16(out, x)
	return out
}

func (r *rounding) pair(buf *[]kernels.BF16, x []float32, rows, cols int) []kernels.BF16 {
	out := grow(buf, kernels.PairedLen(rows, cols))
	kernels.PairBF16(out, x, rows, cols)
	return out
}

// grow returns n numbers of buf, which it allocates when it must.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}
