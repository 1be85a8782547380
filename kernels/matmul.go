package kernels

import "fmt"

// MatMulT multiplies with a transposed matrix:
//
//	y[i, j] = sum over k of x[i, k] * w[j, k]    i < m, j < w.N
//
// Row i of x starts at x[i*ldx], row i of y at y[i*ldy]. y must not overlap x.
// Each sum runs over ascending k in one accumulator, so a result depends on
// its row of x and its row of w only.
func MatMulT(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	if m <= 0 || w.N == 0 {
		return
	}
	if ldy < w.N || ldx < w.K {
		panic(fmt.Sprintf("kernels: MatMulT: rows of %d and %d numbers, want at least %d and %d", ldy, ldx, w.N, w.K))
	}
	need("MatMulT", "y", len(y), (m-1)*ldy+w.N)
	need("MatMulT", "x", len(x), (m-1)*ldx+w.K)
	need("MatMulT", "w", len(w.Data), panelCount(w.N)*PanelWidth*w.K)
	matMulT(y, ldy, x, ldx, m, w)
}
