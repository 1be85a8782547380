package kernels

import "math"

// float is what the generic kernels of training are written over: float32 to
// train, float64 to check a gradient by finite differences of the same code.
type float interface{ float32 | float64 }

// ResidualNorm adds a residual and normalises each row of n numbers, keeping
// what ResidualNormBack needs:
//
//	y = (x + a) * inv    inv = 1 / sqrt(mean((x + a)^2) + eps)
//
// x, a and y are [m, n], inv is [m]. y may be x or a. With rounded [m, n],
// not nil, it also sets rounded to y in BF16.
func ResidualNorm(y []float32, rounded []BF16, inv, x, a []float32, n int, eps float32) {
	size := len(inv) * n
	if rounded != nil {
		rounded = rounded[:size]
	}
	residualNorm(y[:size], rounded, inv, x[:size], a[:size], n, eps)
}

// ResidualNormBack sets ds, the gradient of x and of a alike, from dy, the
// gradient of y:
//
//	ds = inv * (dy - y * mean(dy * y))
//
// All are [m, n] but inv, [m]. ds may be dy.
func ResidualNormBack(ds, dy, y, inv []float32, n int) {
	size := len(inv) * n
	residualNormBack(ds[:size], dy[:size], y[:size], inv, n)
}

// ResidualNormBackBF16 is ResidualNormBack for a y that was rounded; it also sets
// rounded to ds in BF16.
func ResidualNormBackBF16(ds []float32, rounded []BF16, dy []float32, y []BF16, inv []float32, n int) {
	size := len(inv) * n
	residualNormBackBF16(ds[:size], rounded[:size], dy[:size], y[:size], inv, n)
}

func residualNormBackBF16Generic(ds []float32, rounded []BF16, dy []float32, y []BF16, inv []float32, n int) {
	wide := make([]float32, n)
	for i := range inv {
		row := ds[i*n : (i+1)*n]
		ExpandBF16(wide, y[i*n:(i+1)*n])
		residualNormBackGeneric(row, dy[i*n:(i+1)*n], wide, inv[i:i+1], n)
		RoundBF16(rounded[i*n:], row)
	}
}

// roundAfter rounds y where a kernel did not.
func roundAfter(rounded []BF16, y []float32) {
	if rounded != nil {
		RoundBF16(rounded, y)
	}
}

func residualNormGeneric[T float](y, inv, x, a []T, n int, eps T) {
	for i := range inv {
		yi, xi, ai := y[i*n:(i+1)*n], x[i*n:(i+1)*n], a[i*n:(i+1)*n]
		for j, v := range xi {
			yi[j] = v + ai[j]
		}
		inv[i] = T(1 / math.Sqrt(float64(dot(yi, yi)/T(n)+eps)))
		for j := range yi {
			yi[j] *= inv[i]
		}
	}
}

func residualNormBackGeneric[T float](ds, dy, y, inv []T, n int) {
	for i, r := range inv {
		ds, dy, y := ds[i*n:(i+1)*n], dy[i*n:(i+1)*n], y[i*n:(i+1)*n]
		mean := dot(dy, y) / T(n)
		for j, v := range dy {
			ds[j] = r * (v - y[j]*mean)
		}
	}
}

// dot sums in four parts, which is faster and rounds less.
func dot[T float](a, b []T) T {
	b = b[:len(a)]
	var s0, s1, s2, s3 T
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s2 + (s1 + s3)
}

// axpy sets y += by * x.
func axpy[T float](y []T, by T, x []T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += by * x[i]
	}
}
