package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// ForwardHead in parts, against float64.
func TestForwardHead(t *testing.T) {
	for _, a := range []AttentionShape{{1, 1, 2}, {5, 1, 6}, {31, 1, 32}, {32, 1, 32}, {33, 1, 16}, {82, 1, 64}, {96, 1, 32}, {97, 1, 64}, {201, 1, 32}, {460, 1, 64}} {
		for _, withBias := range []bool{false, true} {
			eachImplementation(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(4, uint64(a.P)))
				ldq, ldc := 3*a.Dim+a.P%4, a.Dim+a.P%3
				qkv, row := make([]BF16, a.P*ldq), make([]float32, 3*a.Dim)
				var dense []float64
				for i := range a.P {
					for j := range row {
						row[j] = float32(rng.NormFloat64() * float64(1+i%3))
					}
					RoundBF16(qkv[i*ldq:], row)
					ExpandBF16(row, qkv[i*ldq:][:3*a.Dim])
					dense = append(dense, widenTo64(row)...)
				}
				var bias []float32
				var bias64 []float64
				if withBias {
					bias = random(make([]float32, a.P*a.P), 3)
					bias64 = widenTo64(bias)
				}
				want := make([]float64, a.P*a.Dim)
				attentionOracle(want, make([]float64, a.P), dense, bias64, a)
				ctx, check := guardedBF16(t, a.P, a.Dim, ldc, a.P%16)
				s := NewAttentionBF16(a)
				for _, part := range [][2]int{{0, a.P / 3}, {a.P / 3, a.P}} {
					s.ForwardHead(ctx, ldc, qkv, ldq, bias, part[0], part[1])
				}
				check(fmt.Sprint(a))
				got := make([]float32, a.P*a.Dim)
				for i := range a.P {
					ExpandBF16(got[i*a.Dim:], ctx[i*ldc:][:a.Dim])
				}
				closeToRMS(t, fmt.Sprint(a, withBias), got, want, attentionTol)
			})
		}
	}
}

// Scores far apart and far from 0 give what they should, and no others.
func TestForwardHeadExtremes(t *testing.T) {
	const p, dim = 40, 32
	eachImplementation(t, func(t *testing.T) {
		for _, far := range []float32{100, -100, 1e15, -1e15} {
			qkv := make([]BF16, p*3*dim)
			for i := range p {
				qkv[i*3*dim] = ToBF16(far)                     // q
				qkv[i*3*dim+dim] = ToBF16(float32(i % 20))     // k
				qkv[i*3*dim+2*dim] = ToBF16(float32(i%20 + 1)) // v
			}
			want := float32(20) // of the largest key
			if far < 0 {
				want = 1
			}
			ctx, s := make([]BF16, p*dim), NewAttentionBF16(AttentionShape{p, 1, dim})
			s.ForwardHead(ctx, dim, qkv, 3*dim, nil, 0, p)
			if got := ctx[5*dim].Float32(); got != want {
				t.Errorf("query %v: %v, want %v", far, got, want)
			}
		}
	})
}
