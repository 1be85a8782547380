package kernels

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

// sumSquaresGeneric sums in four parts, which is faster and rounds less.
func sumSquaresGeneric(x []float32) float32 {
	var s [4]float32
	for ; len(x) >= 4; x = x[4:] {
		s[0] += float32(x[0] * x[0])
		s[1] += float32(x[1] * x[1])
		s[2] += float32(x[2] * x[2])
		s[3] += float32(x[3] * x[3])
	}
	for i, v := range x {
		s[i] += float32(v * v)
	}
	return (s[0] + s[2]) + (s[1] + s[3])
}
