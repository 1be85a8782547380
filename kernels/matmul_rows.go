package kernels

// MatMul multiplies with a row-major matrix as it lies in memory:
//
//	y[i, j] = sum over k of x[i, k] * w[k, j]    i < m, j < n
//
// or y += with add. x is [m, k], w is [k, n], y is [m, n]. The order of a sum
// depends on k alone.
func MatMul(y, x, w []float32, m, n, k int, add bool) {
	y, x, w = y[:m*n], x[:m*k], w[:k*n]
	if m == 0 || n == 0 || k == 0 {
		return
	}
	for j := 0; j < n; j += PanelWidthBF16 {
		runPanel(panel[float32]{
			c: y[j:], cRow: n,
			a: x, aRow: k, aStep: 1,
			b: w[j:], bStep: n,
			steps: k, rows: m, cols: min(PanelWidthBF16, n-j), add: add,
		})
	}
}
