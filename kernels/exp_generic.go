package kernels

import "math"

// The exponential of all implementations: x = n*ln2 + r with |r| <= ln2/2,
// e^r by a polynomial of degree 6 (relative error 2e-8), times 2^n. The
// arguments are clamped to where the result is a normal number: below, a
// probability of 1e-38 is as good as 0.
const (
	expMin = -87.33654
	expMax = 88.02969
	log2e  = 1.44269504
	ln2Hi  = 0.693359375
	ln2Lo  = -2.12194440e-4
	expC2  = 0.5
	expC3  = 1.6666665459e-1
	expC4  = 4.1665795894e-2
	expC5  = 8.3334519073e-3
	expC6  = 1.3981999507e-3
	expC7  = 1.9875691500e-4
)

// exp returns e^x for x clamped to [expMin, expMax].
func exp(x float32) float32 {
	x = min(max(x, expMin), expMax)
	n := float32(math.Floor(float64(x*log2e + 0.5)))
	r := x - n*ln2Hi - n*ln2Lo
	p := float32(expC7)
	p = p*r + expC6
	p = p*r + expC5
	p = p*r + expC4
	p = p*r + expC3
	p = p*r + expC2
	p = p*r*r + r + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func swiGLUGeneric(act, gate, up []float32) {
	gate, up = gate[:len(act)], up[:len(act)]
	for i, g := range gate {
		act[i] = g / (1 + exp(-g)) * up[i]
	}
}

// scaleMaxGeneric sets s = scale*s + bias and returns the largest.
func scaleMaxGeneric(s, bias []float32, scale float32) float32 {
	scaleGeneric(s, scale)
	if bias != nil {
		addGeneric(s, bias)
	}
	top := float32(math.Inf(-1))
	for _, v := range s {
		top = max(top, v)
	}
	return top
}

// expSumGeneric sets s = exp(s - top) and returns the sum, in four parts as
// addSquaresGeneric.
func expSumGeneric(s []float32, top float32) float32 {
	var sum [4]float32
	for i, v := range s {
		s[i] = exp(v - top)
		sum[i%4] += s[i]
	}
	return (sum[0] + sum[2]) + (sum[1] + sum[3])
}
