package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
)

// linear is y = x . w^T with a master weight w [n, k], made ready for both
// directions once per step.
type linear struct {
	n, k int
	w    []float32 // [n, k], a view of the parameters

	forth32, back32 *kernels.Panels // of w and of its transpose
	bf16            bool            // instead:
	forth, back     kernels.PanelsBF16
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
		l.forth32, l.back32 = kernels.NewPanels(l.n, l.k), kernels.NewPanels(l.k, l.n)
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
	l.forth32.SetRows(l.w, l.k)
	l.back32.SetCols(l.w, l.k)
}

// rounding is a worker's scratch for operands in bfloat16.
type rounding struct {
	x, dy      []kernels.BF16
	transposed []kernels.BF16     // [n, PadBF16(rows)] of a dy
	rows       kernels.PanelsBF16 // of an x
}

// forward sets y [m, n] from x [m, k].
func (l *linear) forward(y, x []float32, m int, r *rounding) {
	if !l.bf16 {
		kernels.MatMulT(y, l.n, x, l.k, m, l.forth32)
		return
	}
	kernels.MatMulTBF16(y, l.n, round(&r.x, x[:m*l.k]), l.k, m, &l.forth, false)
}

// backward adds dy^T . x to dw [n, k], and sets dx [m, k] to dy . w, or adds
// it with add.
func (l *linear) backward(dx, dw, dy, x []float32, m int, add bool, r *rounding) {
	if !l.bf16 {
		kernels.AddOuter(dw, dy, x, m, l.n, l.k)
		product := kernels.MatMulT
		if add {
			product = kernels.AddMatMulT
		}
		product(dx, l.k, dy, l.n, m, l.back32)
		return
	}
	rounded := reuse.Grow(&r.dy, kernels.PadBF16(m)*l.n)
	kernels.RoundBF16(rounded, dy[:m*l.n])
	kernels.MatMulTBF16(dx, l.k, rounded, l.n, m, &l.back, add)
	l.addOuter(dw, rounded, round(&r.x, x[:m*l.k]), m, r)
}

// addOuter adds dy^T . x to dw. It sets the padding of dy to zero.
func (l *linear) addOuter(dw []float32, dy, x []kernels.BF16, rows int, r *rounding) {
	ld := kernels.PadBF16(rows)
	transposed := reuse.Grow(&r.transposed, l.n*ld)
	kernels.TransposeBF16(transposed, ld, dy, rows, l.n)
	r.rows.PackRows(x, l.k, rows, l.k)
	kernels.MatMulTBF16(dw, l.k, transposed, ld, l.n, &r.rows, true)
}

func round(buf *[]kernels.BF16, x []float32) []kernels.BF16 {
	out := reuse.Grow(buf, len(x))
	kernels.RoundBF16(out, x)
	return out
}
