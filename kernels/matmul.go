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
	matMulT("MatMulT", y, ldy, x, ldx, m, w, false)
}

// AddMatMulT is MatMulT with += in place of =.
func AddMatMulT(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	matMulT("AddMatMulT", y, ldy, x, ldx, m, w, true)
}

func matMulT(kernel string, y []float32, ldy int, x []float32, ldx, m int, w *Panels, add bool) {
	if m <= 0 || w.N == 0 {
		return
	}
	if ldy < w.N || ldx < w.K {
		panic(fmt.Sprintf("kernels: %s: rows of %d and %d numbers, want at least %d and %d", kernel, ldy, ldx, w.N, w.K))
	}
	need(kernel, "y", len(y), (m-1)*ldy+w.N)
	need(kernel, "x", len(x), (m-1)*ldx+w.K)
	need(kernel, "w", len(w.Data), PanelsLen(w.N, w.K))
	product(y, ldy, strided{x, ldx, 1}, m, w, add)
}

// AddOuter adds the gradient of a weight:
//
//	dw[j, k] += sum over i < m of dy[i, j] * x[i, k]    j < n
//
// dy is [m, n], x is [m, k], dw is [n, k]. The order of a sum depends on m alone.
func AddOuter(dw, dy, x []float32, m, n, k int) {
	outer(dw[:n*k], k, dy[:m*n], n, x[:m*k], k, m, n, k, true)
}

// outerRows is how many rows outer reduces before it returns to memory: their
// share of x stays in the first-level cache.
const outerRows = 192

// outer is AddOuter for rows ldw, ldy and ldx numbers apart; without add it sets
// dw.
func outer(dw []float32, ldw int, dy []float32, ldy int, x []float32, ldx, m, n, k int, add bool) {
	const cols = 2 * PanelWidth
	if n == 0 {
		return
	}
	var panels [outerRows * cols]float32
	for s := 0; s < m; s += outerRows {
		for j := 0; j < k; j += cols {
			w := Panels{N: min(cols, k-j), K: min(outerRows, m-s)}
			w.Data = panels[:PanelsLen(w.N, w.K)]
			w.SetCols(x[s*ldx+j:], ldx)
			product(dw[j:], ldw, strided{dy[s*ldy:], 1, ldy}, n, &w, add || s > 0)
		}
	}
}

// strided is the left factor of product: x[i, k] lies at x[i*row + k*step].
type strided struct {
	x         []float32
	row, step int
}
