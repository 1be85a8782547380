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

func addGeneric(y, a []float32) {
	a = a[:len(y)]
	for i := range y {
		y[i] += a[i]
	}
}

func add2Generic(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] += a[i] + b[i]
	}
}

func scaleGeneric(y []float32, by float32) {
	for i := range y {
		y[i] *= by
	}
}

// addSquaresGeneric sets h += y and returns the sum of h^2, in four parts,
// which is faster and rounds less.
func addSquaresGeneric(h, y []float32) float32 {
	addGeneric(h, y)
	var s [4]float32
	for ; len(h) >= 4; h = h[4:] {
		s[0] += float32(h[0] * h[0])
		s[1] += float32(h[1] * h[1])
		s[2] += float32(h[2] * h[2])
		s[3] += float32(h[3] * h[3])
	}
	for i, v := range h {
		s[i] += float32(v * v)
	}
	return (s[0] + s[2]) + (s[1] + s[3])
}
