package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var rowShapes = []struct{ m, n int }{{1, 1}, {3, 5}, {2, 16}, {5, 17}, {7, 128}, {2, 130}, {3, 512}}

// rowTol allows for float32 sums of a few hundred numbers; 3.4e-7 was seen.
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
			ResidualNorm(y, nil, inv, x, a, s.n, 1e-5)
			closeTo(t, "y", y, y64, rowTol)
			closeTo(t, "inv", inv, inv64, rowTol)
			residualNormBackGeneric(ds64, widenTo64(dy), widenTo64(y), widenTo64(inv), s.n)
			ResidualNormBack(ds, dy, y, inv, s.n)
			closeTo(t, "ds", ds, ds64, rowTol)
			ResidualNorm(x, nil, inv, x, a, s.n, 1e-5)
			closeTo(t, "y in place", x, y64, rowTol)
			ResidualNormBack(dy, dy, y, inv, s.n)
			closeTo(t, "ds in place", dy, ds64, rowTol)
			checkY()
			checkInv()
			checkDs()
		})
	}
}

// What a norm rounds on the way is what it leaves in float32.
func TestResidualNormRounds(t *testing.T) {
	for _, s := range rowShapes {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(6, uint64(s.n)))
			size := s.m * s.n
			x, a, y, inv := randoms[float32](rng, size), randoms[float32](rng, size), make([]float32, size), make([]float32, s.m)
			rounded := random16(rng, size+32)
			guard := append([]BF16(nil), rounded[size:]...)
			check := func(name string, want []float32) {
				t.Helper()
				for i, v := range want {
					if rounded[i] != ToBF16(v) {
						t.Fatalf("%s: rounded[%d] = %v, want %v", name, i, rounded[i].Float32(), v)
					}
				}
				if !slices.Equal(rounded[size:], guard) {
					t.Fatalf("%s: wrote past the end", name)
				}
			}
			ResidualNorm(y, rounded, inv, x, a, s.n, 1e-5)
			check("y", y)
			yb, want := rounded, make([]float64, size)
			rounded = random16(rng, size+32)
			guard = append([]BF16(nil), rounded[size:]...)
			residualNormBackGeneric(want, widenTo64(a), widenTo64(widened(yb[:size])), widenTo64(inv), s.n)
			ResidualNormBackBF16(x, rounded, a, yb, inv, s.n)
			check("ds", x)
			closeTo(t, "ds", x, want, rowTol)
		})
	}
}

// swiGLUTol is the rounding of a result to BF16, 2^-8, and a tenth of it for the
// exponential and the reciprocal, within 1e-4 and 6e-5.
const swiGLUTol = 1.1 / 256

func TestSwiGLUBF16(t *testing.T) {
	for _, s := range append(rowShapes, struct{ m, n int }{81, 256}) {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(s.n)))
			gateUp, dAct := random16(rng, s.m*2*s.n), random16(rng, s.m*s.n)
			for i, v := range []float32{-200, 200, 0, -30, 30, -87, 1e20, -1e20} {
				if i < s.n {
					gateUp[i] = ToBF16(v)
				}
			}
			act, dGateUp := random16(rng, s.m*s.n+32), random16(rng, 2*s.m*s.n+32)
			guards := append(append([]BF16(nil), act[s.m*s.n:]...), dGateUp[2*s.m*s.n:]...)
			want, dWant := make([]float64, s.m*s.n), make([]float64, 2*s.m*s.n)
			gu := widenTo64(widened(gateUp))
			for i := range want {
				g, u := gu[i/s.n*2*s.n+i%s.n], gu[i/s.n*2*s.n+s.n+i%s.n]
				want[i] = g / (1 + math.Exp(-g)) * u
			}
			swiGLUBackGeneric(dWant, widenTo64(widened(dAct)), gu, s.n)
			SwiGLUBF16(act[:s.m*s.n], gateUp, s.n)
			closeRelative(t, "act", widened(act[:s.m*s.n]), want)
			SwiGLUBackBF16(dGateUp, act, dAct, gateUp, s.n)
			closeRelative(t, "act again", widened(act[:s.m*s.n]), want)
			closeRelative(t, "dGateUp", widened(dGateUp[:2*s.m*s.n]), dWant)
			if !slices.Equal(guards, append(act[s.m*s.n:], dGateUp[2*s.m*s.n:]...)) {
				t.Error("wrote past the end")
			}
		})
	}
	eachImplementation(t, func(t *testing.T) {
		act := make([]BF16, 16)
		SwiGLUBF16(act, random16(rand.New(rand.NewPCG(1, 1)), 32), 16)
		nan := slices.Repeat([]BF16{ToBF16(float32(math.NaN()))}, 32)
		SwiGLUBF16(act, nan, 16)
		for _, v := range widened(act) {
			if v == v {
				t.Fatalf("%v from not a number", v)
			}
		}
	})
}

// closeRelative fails where got is off by more than swiGLUTol of want, or of 1e-6
// where that is larger.
func closeRelative(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, w := range want {
		if diff := math.Abs(float64(got[i]) - w); !(diff <= swiGLUTol*max(math.Abs(w), 1e-6)) {
			t.Fatalf("%s[%d] = %v, want %v", what, i, got[i], w)
		}
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
			ResidualNorm(y, nil, inv, x, y, n, 1e-5)
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
