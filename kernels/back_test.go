package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// fdTol is the largest difference between a gradient and central finite
// differences of the same code in float64, relative to the largest gradient.
const fdTol = 1e-6

// randoms returns n normal numbers.
func randoms[T float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

// checkGradient compares grad, the gradient of loss in x, with finite
// differences of step 1e-5.
func checkGradient(t *testing.T, what string, x, grad []float64, loss func() float64) {
	t.Helper()
	const step = 1e-5
	most := 0.0
	for _, g := range grad {
		most = max(most, math.Abs(g))
	}
	for i, v := range x {
		x[i] = v + step
		above := loss()
		x[i] = v - step
		below := loss()
		x[i] = v
		if fd := (above - below) / (2 * step); math.Abs(fd-grad[i]) > fdTol*most {
			t.Errorf("%s[%d]: gradient %v, finite difference %v", what, i, grad[i], fd)
		}
	}
}

func TestResidualNormBack(t *testing.T) {
	const m, n = 3, 7
	rng := rand.New(rand.NewPCG(1, 1))
	x, a, w := randoms[float64](rng, m*n), randoms[float64](rng, m*n), randoms[float64](rng, m*n)
	y, inv, ds := make([]float64, m*n), make([]float64, m), make([]float64, m*n)
	loss := func() float64 {
		residualNormGeneric(y, inv, x, a, n, 1e-5)
		return dot(y, w)
	}
	loss()
	residualNormBackGeneric(ds, w, y, inv, n)
	checkGradient(t, "dx", x, ds, loss)
	checkGradient(t, "da", a, ds, loss)
}

func TestSwiGLUBack(t *testing.T) {
	const m, n = 2, 5
	rng := rand.New(rand.NewPCG(1, 2))
	gu, w, d := randoms[float64](rng, 2*m*n), randoms[float64](rng, m*n), make([]float64, 2*m*n)
	loss := func() (sum float64) {
		for i := range m {
			for j := range n {
				g := gu[i*2*n+j]
				sum += w[i*n+j] * g / (1 + math.Exp(-g)) * gu[i*2*n+n+j]
			}
		}
		return sum
	}
	swiGLUBackGeneric(d, w, gu, n)
	checkGradient(t, "dGateUp", gu, d, loss)
}

func TestRopeBackUndoesTheRotation(t *testing.T) {
	const d = 8
	rng := rand.New(rand.NewPCG(1, 3))
	cos, sin := make([]float64, d/2), make([]float64, d/2)
	for i := range cos {
		sin[i], cos[i] = math.Sincos(float64(i) + 0.3)
	}
	x, w := randoms[float64](rng, d), randoms[float64](rng, d)
	loss := func() (sum float64) {
		for i, c := range cos {
			sum += w[i]*(x[i]*c-x[i+d/2]*sin[i]) + w[i+d/2]*(x[i+d/2]*c+x[i]*sin[i])
		}
		return sum
	}
	dx := slices.Clone(w)
	ropeBack(dx, cos, sin)
	checkGradient(t, "dx", x, dx, loss)
}

func TestAttentionBack(t *testing.T) {
	a := AttentionShape{P: 5, Heads: 2, Dim: 3}
	d := a.Heads * a.Dim
	rng := rand.New(rand.NewPCG(1, 4))
	for _, withBias := range []bool{false, true} {
		qkv, w := randoms[float64](rng, a.P*3*d), randoms[float64](rng, a.P*d)
		var bias, dbias []float64
		if withBias {
			bias, dbias = randoms[float64](rng, a.Heads*a.P*a.P), make([]float64, a.Heads*a.P*a.P)
		}
		ctx, lse, dqkv := make([]float64, a.P*d), make([]float64, a.P*a.Heads), make([]float64, a.P*3*d)
		loss := func() float64 {
			attentionOracle(ctx, lse, qkv, bias, a)
			return dot(ctx, w)
		}
		loss()
		attentionBackOracle(dqkv, dbias, w, ctx, lse, qkv, bias, a)
		checkGradient(t, "dqkv", qkv, dqkv, loss)
		checkGradient(t, "dbias", bias, dbias, loss)
		attentionBackOracle(dqkv, dbias, w, ctx, lse, qkv, bias, a)
		for i := range dbias {
			dbias[i] /= 2 // added twice
		}
		checkGradient(t, "dbias added", bias, dbias, loss)
	}
}

func TestCrossEntropyBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for name, f := range map[string]func(dx, x []float64, label int, by float64) float64{
		"stablemax": stablemaxCrossEntropy[float64], "softmax": softmaxCrossEntropy[float64],
	} {
		for label := range 6 {
			x, dx, unused := randoms[float64](rng, 6), make([]float64, 6), make([]float64, 6)
			f(dx, x, label, 0.5)
			checkGradient(t, name, x, dx, func() float64 { return 0.5 * f(unused, x, label, 0) })
		}
	}
}

func TestCrossEntropyValues(t *testing.T) {
	d := make([]float32, 3)
	if got, want := StablemaxCrossEntropy(d, []float32{1, -1, 0}, 1, 0), math.Log(3.5/0.5); math.Abs(got-want) > 1e-12 {
		t.Errorf("stablemax: %v, want %v", got, want)
	}
	if got, want := SoftmaxCrossEntropy(d, []float32{1000, 0, 1000}, 0, 0), math.Ln2; math.Abs(got-want) > 1e-12 {
		t.Errorf("softmax: %v, want %v", got, want)
	}
}

// TestElementwiseBackAgainstFloat64 runs the float32 kernels over rows between guard values
// against the generic code in float64.
func TestElementwiseBackAgainstFloat64(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {3, 7}, {82, 128}, {5, 100}} {
		m, n := s[0], s[1]
		rng := rand.New(rand.NewPCG(3, uint64(n)))
		x, a, dy := randoms[float32](rng, m*n), randoms[float32](rng, m*n), randoms[float32](rng, m*n)
		y, checkY := fenced(t, rng, m*n)
		inv, checkInv := fenced(t, rng, m)
		ds, checkDS := fenced(t, rng, m*n)
		ResidualNorm(y, nil, inv, x, a, n, 1e-5)
		ResidualNormBack(ds, dy, y, inv, n)
		y64, inv64, ds64 := make([]float64, m*n), make([]float64, m), make([]float64, m*n)
		residualNormGeneric(y64, inv64, wide(x), wide(a), n, 1e-5)
		residualNormBackGeneric(ds64, wide(dy), y64, inv64, n)
		near(t, "y", y, y64)
		near(t, "inv", inv, inv64)
		near(t, "ds", ds, ds64)
		gu, dgu64 := randoms[float32](rng, 2*m*n), make([]float64, 2*m*n)
		dgu, checkGU := fenced(t, rng, 2*m*n)
		SwiGLUBack(dgu, dy, gu, n)
		swiGLUBackGeneric(dgu64, wide(dy), wide(gu), n)
		near(t, "dGateUp", dgu, dgu64)
		checkY()
		checkInv()
		checkDS()
		checkGU()
	}
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// near fails where got is off by more than 2e-6 of the largest value: sums of 130
// numbers in float32. 1.2e-7 was seen.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	most := 1.0
	for _, w := range want {
		most = max(most, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= 2e-6*most) {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], w)
			return
		}
	}
}
