package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var rowShapes = []struct{ m, n int }{{1, 1}, {3, 5}, {2, 16}, {5, 17}, {7, 128}, {2, 130}, {3, 512}}

// rowTol allows for float32 sums of a few hundred numbers.
const rowTol = 5e-6

func TestResidualNormVariants(t *testing.T) {
	for _, s := range rowShapes {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(6, uint64(s.n)))
			x, _ := fenced(t, rng, s.m*s.n)
			a, _ := fenced(t, rng, s.m*s.n)
			dy, _ := fenced(t, rng, s.m*s.n)
			y, checkY := fenced(t, rng, s.m*s.n)
			inv, checkInv := fenced(t, rng, s.m)
			ds, checkDs := fenced(t, rng, s.m*s.n)
			y64, inv64, ds64 := widenTo64(y), widenTo64(inv), widenTo64(ds)
			residualNormGeneric(y64, inv64, widenTo64(x), widenTo64(a), s.n, 1e-5)
			ResidualNorm(y, inv, x, a, s.n, 1e-5)
			closeTo(t, "y", y, y64, rowTol)
			closeTo(t, "inv", inv, inv64, rowTol)
			residualNormBackGeneric(ds64, widenTo64(dy), widenTo64(y), widenTo64(inv), s.n)
			ResidualNormBack(ds, dy, y, inv, s.n)
			closeTo(t, "ds", ds, ds64, rowTol)
			ResidualNorm(x, inv, x, a, s.n, 1e-5)
			closeTo(t, "y in place", x, y64, rowTol)
			ResidualNormBack(dy, dy, y, inv, s.n)
			closeTo(t, "ds in place", dy, ds64, rowTol)
			checkY()
			checkInv()
			checkDs()
		})
	}
}

func TestSwiGLUBackVariants(t *testing.T) {
	for _, s := range rowShapes {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(s.n)))
			gateUp, _ := fenced(t, rng, s.m*2*s.n)
			copy(gateUp, []float32{-200, 200, 0, -30, 30})
			dAct, _ := fenced(t, rng, s.m*s.n)
			dGateUp, check := fenced(t, rng, s.m*2*s.n)
			want := widenTo64(dGateUp)
			swiGLUBackGeneric(want, widenTo64(dAct), widenTo64(gateUp), s.n)
			SwiGLUBack(dGateUp, dAct, gateUp, s.n)
			check()
			closeTo(t, "dGateUp", dGateUp, want, rowTol)
			SwiGLUBack(gateUp, dAct, gateUp, s.n)
			closeTo(t, "dGateUp in place", gateUp, want, rowTol)
		})
	}
}

func BenchmarkResidualNorm(b *testing.B) {
	const m, n = 328, 128
	x, y, inv := make([]float32, m*n), make([]float32, m*n), make([]float32, m)
	b.Run("forward", func(b *testing.B) {
		for b.Loop() {
			ResidualNorm(y, inv, x, y, n, 1e-5)
		}
		reportPerNumber(b, m*n)
	})
	b.Run("back", func(b *testing.B) {
		for b.Loop() {
			ResidualNormBack(x, x, y, inv, n)
		}
		reportPerNumber(b, m*n)
	})
}

func BenchmarkSwiGLUBack(b *testing.B) {
	const m, n = 328, 256
	gateUp, dAct := make([]float32, m*2*n), make([]float32, m*n)
	for b.Loop() {
		SwiGLUBack(gateUp, dAct, gateUp, n)
	}
	reportPerNumber(b, m*n)
}

func reportPerNumber(b *testing.B, n int) {
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(n), "ns/number")
}
