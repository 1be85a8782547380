package kernels

import "math"

// Add sets y[i] += a[i].
func Add(y, a []float32) {
	need("Add", "a", len(a), len(y))
	add(y, a)
}

// Add2 sets y[i] += a[i] + b[i].
func Add2(y, a, b []float32) {
	need("Add2", "a", len(a), len(y))
	need("Add2", "b", len(b), len(y))
	add2(y, a, b)
}

// AddRMSNorm adds a residual and normalises each row of n numbers:
//
//	h = (h + y) / sqrt(mean((h + y)^2) + eps)
//
// h is [m, n], y is [m, n].
func AddRMSNorm(h, y []float32, n int, eps float32) {
	need("AddRMSNorm", "y", len(y), len(h))
	if addRMSNormFast(h, y, n, eps) {
		return
	}
	for ; len(h) >= n && n > 0; h, y = h[n:], y[n:] {
		row := h[:n]
		mean := addSquares(row, y[:n]) / float32(n)
		scale(row, 1/float32(math.Sqrt(float64(mean+eps))))
	}
}
