//go:build simd && !purego

package kernels

import (
	"math"
	"slices"
	"testing"
)

// sameBits fails unless simd128 and plain Go compute the same bits.
func sameBits(t *testing.T, name string, compute func() []float32) {
	t.Helper()
	best := string(active)
	defer Use(best)
	var all [2][]float32
	for i, impl := range []implementation{generic, simd128} {
		if err := Use(string(impl)); err != nil {
			t.Fatal(err)
		}
		all[i] = compute()
	}
	for i, want := range all[0] {
		if got := all[1][i]; math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%s: number %d is %v, plain Go says %v", name, i, got, want)
		}
	}
}

// The kernels give the bits of plain Go, so that a module with them and one
// without, and a native one that runs HRM_KERNELS=generic, answer alike.
func TestSIMDBits(t *testing.T) {
	for n := 1; n < 200; n++ {
		a, b, c := random(make([]float32, n), 1), random(make([]float32, n), 2), random(make([]float32, n), 3)
		row := func(f func(y []float32) float32) func() []float32 {
			return func() []float32 {
				y := slices.Clone(a)
				return append(y, f(y))
			}
		}
		sameBits(t, "add2", row(func(y []float32) float32 { Add2(y, b, c); Add(y, c); return 0 }))
		sameBits(t, "norm", row(func(y []float32) float32 { AddRMSNorm(y, b, n, 1e-5); return 0 }))
		sameBits(t, "softmax", row(func(y []float32) float32 { softmaxRowsF32(y, n, 1, n, 1.7, b); return 0 }))
		sameBits(t, "exp sum", row(func(y []float32) float32 { return expSum(y, 3) }))
		sameBits(t, "scale max", row(func(y []float32) float32 { return scaleMax(y, nil, 0.3) }))
		sameBits(t, "swiglu", row(func(y []float32) float32 { swiGLU(y, b, c); return 0 }))
		sameBits(t, "swiglu of panels", func() []float32 {
			y := make([]float32, n&^15)
			SwiGLUPanels(y, random(make([]float32, 2*len(y)), 6))
			return y
		})
		sameBits(t, "rope", row(func(y []float32) float32 { hi := slices.Clone(b); rope(y, hi, c, a); return hi[n-1] }))
		x := random(make([]float32, 50*n), 4)
		sameBits(t, "mul add", func() []float32 {
			y := make([]float32, 50*n)
			mulAdd(y, a, x, 50)
			mulAdd(y, b, x, 50)
			return y
		})
		w := Pack(random(make([]float32, 37*n), 5), 37, n)
		sameBits(t, "product", func() []float32 {
			y := make([]float32, 50*37)
			MatMulT(y, 37, x, n, 50, w)
			return y
		})
	}
}
