package kernels

import "math"

// StablemaxCrossEntropy returns -log(s(x[label]) / sum over j of s(x[j])) with
//
//	s(x) = x + 1 for x >= 0,  1 / (1 - x + 1e-30) for x < 0
//
// and adds by times its gradient to dx:
//
//	dx[j] += by * s'(x[j]) * (1/sum - [j = label]/s(x[j]))
//
// All sums are in float64, as in the reference.
func StablemaxCrossEntropy(dx, x []float32, label int, by float64) float64 {
	return stablemaxCrossEntropy(dx, x, label, by)
}

// SoftmaxCrossEntropy is the same with s(x) = exp(x):
//
//	dx[j] += by * (s(x[j])/sum - [j = label])
func SoftmaxCrossEntropy(dx, x []float32, label int, by float64) float64 {
	return softmaxCrossEntropy(dx, x, label, by)
}

func stablemaxCrossEntropy[T float](dx, x []T, label int, by float64) float64 {
	var sum float64
	for _, v := range x {
		s, _ := stablemax(float64(v))
		sum += s
	}
	for j, v := range x {
		_, ds := stablemax(float64(v))
		dx[j] += T(by * ds / sum)
	}
	s, ds := stablemax(float64(x[label]))
	dx[label] -= T(by * ds / s)
	return -math.Log(s / sum)
}

// stablemax returns s(x) and its derivative.
func stablemax(x float64) (s, ds float64) {
	if x >= 0 {
		return x + 1, 1
	}
	s = 1 / (1 - x + 1e-30)
	return s, s * s
}

func softmaxCrossEntropy[T float](dx, x []T, label int, by float64) float64 {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v - most))
	}
	for j, v := range x {
		dx[j] += T(by * math.Exp(float64(v-most)) / sum)
	}
	dx[label] -= T(by)
	return math.Log(sum) - float64(x[label]-most)
}
