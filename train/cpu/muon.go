package cpu

import (
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/train"
)

// muonScale makes the root mean square of an orthogonal update that of AdamW,
// so that both have the same learning rate (Moonlight, arXiv 2502.16982).
const muonScale = 0.2

// muon updates one matrix [r, c] of a level: with M the momentum
//
//	M  = b1*M + G
//	O  = orthogonal(G + b1*M)
//	P  = P*(1 - lr*wd) - lr * 0.2*sqrt(max(r, c)) * O
func (d *Device) muon(t *train.Tensor, in *train.StepIn, clip float32) {
	lo, hi := t.Offset, t.Offset+t.Len()
	p, m, g := d.state.Params[lo:hi], d.state.M[lo:hi], d.grad[lo:hi]
	beta := float32(d.optimizer.Beta1)
	o := make([]float32, len(g))
	for i, v := range g {
		v *= clip
		m[i] = beta*m[i] + v
		o[i] = v + beta*m[i]
	}
	o = orthogonal(o, t.Rows, t.Cols)
	decay := float32(1 - in.LR*d.optimizer.WeightDecay)
	rate := float32(in.LR * muonScale * math.Sqrt(float64(max(t.Rows, t.Cols))))
	for i, v := range o {
		p[i] = p[i]*decay - rate*v
	}
}

// orthogonal returns roughly U V^T of x = U S V^T [rows, cols], by five
// Newton-Schulz iterations on x / |x| with the coefficients of Muon (Jordan et
// al. 2024), which bring every singular value between about 0.7 and 1.2:
//
//	A = x x^T;  x = 3.4445 x + (-4.7750 A + 2.0315 A A) x
func orthogonal(x []float32, rows, cols int) []float32 {
	if rows > cols { // the smaller Gram matrix
		return transposed(orthogonal(transposed(x, rows, cols), cols, rows), cols, rows)
	}
	norm := float32(math.Sqrt(sumSquares(x)) + 1e-7)
	for i := range x {
		x[i] /= norm
	}
	gram, square, next := make([]float32, rows*rows), make([]float32, rows*rows), make([]float32, len(x))
	wide, small, tall := kernels.NewPanels(rows, cols), kernels.NewPanels(rows, rows), kernels.NewPanels(cols, rows)
	for range 5 {
		wide.SetRows(x, cols)
		kernels.MatMulT(gram, rows, x, cols, rows, wide)
		small.SetRows(gram, rows) // it is its own transpose
		kernels.MatMulT(square, rows, gram, rows, rows, small)
		for i, a := range gram {
			square[i] = -4.7750*a + 2.0315*square[i]
		}
		tall.SetCols(x, cols)
		kernels.MatMulT(next, cols, square, rows, rows, tall)
		for i := range x {
			x[i] = 3.4445*x[i] + next[i]
		}
	}
	return x
}

func transposed(x []float32, rows, cols int) []float32 {
	out := make([]float32, len(x))
	for i := range rows {
		for j, v := range x[i*cols : (i+1)*cols] {
			out[j*rows+i] = v
		}
	}
	return out
}
