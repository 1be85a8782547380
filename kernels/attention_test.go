package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var attentionShapes = []AttentionShape{{1, 1, 2}, {5, 2, 6}, {33, 1, 16}, {81, 2, 24}, {82, 4, 32}, {40, 1, 64}, {201, 1, 32}}

// attentionTol bounds the error relative to a result or, where larger, to the root
// mean square of all: probabilities and gradients of scores are rounded to BF16,
// which is up to 2^-8 of each, and sums of them may cancel. 0.013 was seen with plain
// Go and with AVX512_BF16.
const attentionTol = 0.02

func TestAttentionBF16(t *testing.T) {
	for _, a := range attentionShapes {
		for _, withBias := range []bool{false, true} {
			eachCase(t, fmt.Sprint(a, withBias), func(t *testing.T) { testAttention(t, a, withBias) })
		}
	}
}

// attentionF32Tol allows for float32 sums and exponentials, of scores up to 20 that
// round by 1e-6; 3e-6 was seen.
const attentionF32Tol = 2e-5

func TestAttentionF32(t *testing.T) {
	for _, a := range append(attentionShapes, AttentionShape{7, 2, 5}) {
		for _, withBias := range []bool{false, true} {
			eachCase(t, fmt.Sprint(a, withBias), func(t *testing.T) { testAttentionF32(t, a, withBias) })
		}
	}
}

func testAttentionF32(t *testing.T, a AttentionShape, withBias bool) {
	rng := rand.New(rand.NewPCG(9, uint64(a.P)))
	d := a.Heads * a.Dim
	qkv, _ := fenced(t, rng, a.P*3*d)
	dctx, _ := fenced(t, rng, a.P*d)
	ctx, checkCtx := fenced(t, rng, a.P*d)
	dqkv, checkDqkv := fenced(t, rng, a.P*3*d)
	var bias, dbias []float32
	var bias64, dbias64 []float64
	checkDbias := func() {}
	if withBias {
		bias, _ = fenced(t, rng, a.Heads*a.P*a.P)
		dbias, checkDbias = fenced(t, rng, a.Heads*a.P*a.P)
		bias64, dbias64 = widenTo64(bias), widenTo64(dbias)
	}
	ctx64, lse, dqkv64 := make([]float64, a.P*d), make([]float64, a.P*a.Heads), make([]float64, a.P*3*d)
	attentionOracle(ctx64, lse, widenTo64(qkv), bias64, a)
	attentionBackOracle(dqkv64, dbias64, widenTo64(dctx), ctx64, lse, widenTo64(qkv), bias64, a)
	s := NewAttentionF32(a)
	for range 2 { // the second time over scratch that was used
		s.Forward(ctx, qkv, bias)
	}
	s.Back(dqkv, dbias, dctx, qkv, bias)
	for _, check := range []func(){checkCtx, checkDqkv, checkDbias} {
		check()
	}
	closeToRMS(t, "ctx", ctx, ctx64, attentionF32Tol)
	closeToRMS(t, "dqkv", dqkv, dqkv64, attentionF32Tol)
	closeToRMS(t, "dbias", dbias, dbias64, attentionF32Tol)
}

func testAttention(t *testing.T, a AttentionShape, withBias bool) {
	rng := rand.New(rand.NewPCG(8, uint64(a.P)))
	d := a.Heads * a.Dim
	qkv, _ := fenced(t, rng, a.P*3*d)
	dctx, _ := fenced(t, rng, a.P*d)
	ctx, dqkv := random16(rng, a.P*d+1), random16(rng, a.P*3*d+1)
	ctx[a.P*d], dqkv[3*a.P*d] = 0x1234, 0x1234 // one past the end
	stats, checkStats := fenced(t, rng, 2*a.P*a.Heads)
	qb, db := rounded(qkv), rounded(dctx)
	var bias, dbias []float32
	var bias64, dbias64 []float64
	checkDbias := func() {}
	if withBias {
		bias, _ = fenced(t, rng, a.Heads*a.P*a.P)
		dbias, checkDbias = fenced(t, rng, a.Heads*a.P*a.P)
		bias64, dbias64 = widenTo64(bias), widenTo64(dbias)
	}
	ctx64, lse, dqkv64 := make([]float64, a.P*d), make([]float64, a.P*a.Heads), make([]float64, a.P*3*d)
	attentionOracle(ctx64, lse, widenTo64(widened(qb)), bias64, a)
	attentionBackOracle(dqkv64, dbias64, widenTo64(widened(db)), ctx64, lse, widenTo64(widened(qb)), bias64, a)
	s := NewAttentionBF16(a)
	for range 2 { // the second time over scratch that was used
		s.Forward(ctx, stats, qb, bias)
	}
	s.Back(dqkv, dbias, db, stats, qb, bias)
	for _, check := range []func(){checkStats, checkDbias} {
		check()
	}
	if ctx[a.P*d] != 0x1234 || dqkv[3*a.P*d] != 0x1234 {
		t.Error("wrote past the end")
	}
	closeToRMS(t, "ctx", widened(ctx[:a.P*d]), ctx64, attentionTol)
	closeToRMS(t, "dqkv", widened(dqkv[:3*a.P*d]), dqkv64, attentionTol)
	closeToRMS(t, "dbias", dbias, dbias64, attentionTol)
	for i, l := range lse {
		// Powers are within 1e-4, so is their sum, and its logarithm.
		if got := float64(stats[2*i]) - math.Log(float64(stats[2*i+1])); math.Abs(got-l) > 1e-4+1e-6 {
			t.Fatalf("stats %d give lse %v, want %v", i, got, l)
		}
	}
}

// closeToRMS fails where got differs from want by more than tol times the larger
// of want and its root mean square.
func closeToRMS(t *testing.T, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	square := 0.0
	for _, w := range want {
		square += w * w
	}
	rms := math.Sqrt(square / float64(len(want)))
	for i, w := range want {
		if diff := math.Abs(float64(got[i]) - w); !(diff <= tol*max(rms, math.Abs(w), 1e-6)) {
			t.Fatalf("%s[%d] = %v, want %v (root mean square %v)", what, i, got[i], w, rms)
		}
	}
}

func BenchmarkAttentionBF16(b *testing.B) {
	for _, a := range []AttentionShape{{82, 4, 32}, {82, 8, 32}, {901, 4, 32}} {
		d := a.Heads * a.Dim
		s := NewAttentionBF16(a)
		qkv, bias := make([]BF16, a.P*3*d), make([]float32, a.Heads*a.P*a.P)
		ctx, dctx, dqkv, stats := make([]BF16, a.P*d), make([]BF16, a.P*d), make([]BF16, a.P*3*d), make([]float32, 2*a.P*a.Heads)
		b.Run(fmt.Sprintf("no bias %v", a), func(b *testing.B) {
			for b.Loop() {
				s.Forward(ctx, stats, qkv, nil)
				s.Back(dqkv, nil, dctx, stats, qkv, nil)
			}
			reportFLOPs(b, 14*a.P*a.P*d)
		})
		b.Run(fmt.Sprintf("forward %v", a), func(b *testing.B) {
			for b.Loop() {
				s.Forward(ctx, stats, qkv, bias)
			}
			reportFLOPs(b, 4*a.P*a.P*d)
		})
		b.Run(fmt.Sprintf("back %v", a), func(b *testing.B) {
			for b.Loop() {
				s.Back(dqkv, bias, dctx, stats, qkv, bias)
			}
			reportFLOPs(b, 10*a.P*a.P*d)
		})
	}
}
