package kernels

import "math"

// Rope rotates one head vector x [d] by the angles of its position, pairing
// the halves ("rotate half"):
//
//	x[i], x[i+d/2] = x[i]*cos[i] - x[i+d/2]*sin[i], x[i+d/2]*cos[i] + x[i]*sin[i]
//
// cos and sin are rows of RopeTable, [d/2].
func Rope(x, cos, sin []float32) {
	half := len(x) / 2
	rope(x[:half], x[half:2*half], cos[:half], sin[:half])
}

func ropeGeneric(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b := lo[i], hi[i]
		lo[i] = float32(a*c) - float32(b*sin[i])
		hi[i] = float32(b*c) + float32(a*sin[i])
	}
}

// RopeTable returns the cosines and sines of pos * theta^(-2i/d) for the given
// number of positions, each [positions, d/2]. The angle is rounded to float32
// where PyTorch rounds it.
func RopeTable(positions, d int, theta float64) (cos, sin []float32) {
	half := d / 2
	cos, sin = make([]float32, positions*half), make([]float32, positions*half)
	for i := range half {
		freq := float32(1 / math.Pow(theta, float64(2*i)/float64(d)))
		for p := range positions {
			angle := float64(float32(p) * freq)
			cos[p*half+i] = float32(math.Cos(angle))
			sin[p*half+i] = float32(math.Sin(angle))
		}
	}
	return cos, sin
}
