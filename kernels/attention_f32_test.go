package kernels

import (
	"fmt"
	"math"
	"testing"
)

// HeadF32 in parts, against float64.
func TestHeadF32(t *testing.T) {
	for _, a := range []AttentionShape{{1, 1, 2}, {5, 1, 6}, {31, 1, 32}, {33, 1, 16}, {81, 1, 32}, {82, 1, 64}, {97, 1, 20}, {128, 1, 64}, {129, 1, 64}, {201, 1, 32}, {460, 1, 24}} {
		for _, withBias := range []bool{false, true} {
			eachImplementation(t, func(t *testing.T) { testHeadF32(t, a, withBias) })
		}
	}
}

func testHeadF32(t *testing.T, a AttentionShape, withBias bool) {
	name, ldq, ldc := fmt.Sprint(a, withBias), 3*a.Dim+a.P%4, a.Dim+a.P%3
	qkv := random(make([]float32, a.P*ldq), 4)
	var dense []float64
	for i := range a.P {
		dense = append(dense, widenTo64(qkv[i*ldq:][:3*a.Dim])...)
	}
	var bias []float32
	var bias64 []float64
	if withBias {
		bias = random(make([]float32, a.P*a.P), 3)
		bias64 = widenTo64(bias)
	}
	want := make([]float64, a.P*a.Dim)
	attentionOracle(want, make([]float64, a.P), dense, bias64, a)
	ctx, check := guarded(t, (a.P-1)*ldc+a.Dim, a.P%16)
	s := NewHeadF32(a.P, a.Dim)
	for range 2 { // the second time over scratch that was used
		for _, part := range [][2]int{{0, a.P / 3}, {a.P / 3, a.P}} {
			s.Forward(ctx, ldc, qkv, ldq, bias, part[0], part[1])
		}
	}
	check(name)
	var got []float32
	for i := range a.P {
		got = append(got, ctx[i*ldc:][:a.Dim]...)
		for j := i*ldc + a.Dim; j < min((i+1)*ldc, len(ctx)); j++ {
			if ctx[j] != guard {
				t.Fatalf("%s: wrote %v behind row %d", name, ctx[j], i)
			}
		}
	}
	closeToRMS(t, name, got, want, attentionF32Tol)
}

// Rows of any length, far apart, with and without bias.
func TestSoftmaxRowsF32(t *testing.T) {
	const rows, by = 3, 0.7
	eachLength(t, func(t *testing.T, name string, n, off int) {
		lds := (n+15)&^15 + off
		for _, withBias := range []bool{false, true} {
			s, check := guarded(t, rows*lds, off)
			random(s, 1)
			var bias []float32
			if withBias {
				bias = random(make([]float32, rows*n+off), 2)[off:]
			}
			want := make([]float64, rows*lds)
			for i := range rows {
				row, sum := want[i*lds:(i+1)*lds], 0.0
				for j := range n {
					v := by * float64(s[i*lds+j])
					if withBias {
						v += float64(bias[i*n+j])
					}
					row[j] = math.Exp(v)
					sum += row[j]
				}
				for j := range n {
					row[j] /= sum
				}
				for j := (n + 15) &^ 15; j < lds; j++ {
					row[j] = float64(s[i*lds+j]) // not its to change
				}
			}
			softmaxRowsF32(s, lds, rows, n, by, bias)
			check(name)
			for i := range rows {
				within(t, name, s[i*lds:], want[i*lds:][:n], 1e-6, 1) // powers within 2e-7, scores of 3 that round by as much
				end := min(lds, (n+15)&^15)
				within(t, name+", behind", s[i*lds+end:], want[i*lds:][end:lds], 0, 1)
			}
		}
	})
}

func TestSoftmaxRowsF32Extremes(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for want, in := range map[[3]float64][3]float32{
			{0.5, 0, 0.5}:                            {1e30, -1e30, 1e30},
			{1. / 3, 1. / 3, 1. / 3}:                 {-3e38, -3e38, -3e38},
			{1, 0, 0}:                                {0, -150, float32(math.Inf(-1))},
			{1 / (1 + math.Exp(-80)), math.Exp(-80)}: {-10, -90, -3e38},
		} {
			s := make([]float32, 16)
			copy(s, in[:])
			softmaxRowsF32(s, 16, 1, 3, 1, nil)
			within(t, fmt.Sprint(in), s, want[:], 1e-6, 1)
			if p := float64(s[1]); want[1] > 0 && math.Abs(p/want[1]-1) > 1e-5 {
				t.Errorf("%v: %v, want %v", in, p, want[1])
			}
		}
		s := make([]float32, 32)
		s[17] = float32(math.NaN())
		if softmaxRowsF32(s, 16, 2, 3, 1, nil); s[1] != float32(1./3) || s[16] == s[16] || s[18] == s[18] {
			t.Errorf("with a NaN in the second row: %v, %v", s[:3], s[16:19])
		}
	})
}
