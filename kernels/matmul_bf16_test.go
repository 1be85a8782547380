package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// fenced returns n random numbers in a larger allocation whose other numbers
// must stay what they are, which check tells.
func fenced(t testing.TB, rng *rand.Rand, n int) (s []float32, check func()) {
	const fence, guard = 40, 12345.5
	all := make([]float32, n+2*fence)
	for i := range all {
		all[i] = guard
	}
	s = all[fence : fence+n : fence+n]
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s, func() {
		t.Helper()
		for i, v := range all {
			if (i < fence || i >= fence+n) && v != guard {
				t.Fatalf("number %d beside a slice of %d was overwritten by %v", i-fence, n, v)
			}
		}
	}
}

// closeTo fails where got differs from want by more than tol times the larger
// of 1 and |want|.
func closeTo(t testing.TB, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tol*max(1, math.Abs(w))) {
			t.Fatalf("%s[%d] = %v, want %v (off by %.2g, allowed %.2g)", what, i, got[i], w, d, tol)
		}
	}
}

// eachCase runs a named case with every implementation.
func eachCase(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { eachImplementation(t, test) })
}

func widened(s []BF16) []float32 {
	out := make([]float32, len(s))
	ExpandBF16(out, s)
	return out
}

func rounded(s []float32) []BF16 {
	out := make([]BF16, len(s))
	RoundBF16(out, s)
	return out
}

// Sums of K products of normal numbers, in float32, against float64: the
// rounding of the sums alone, since both sides have the same factors. Sums of 601
// in ascending order were off by 6e-6.
const sumTol = 2e-5

var matMulShapes = []struct{ m, n, k int }{
	{1, 1, 2}, {3, 5, 4}, {8, 32, 16}, {9, 33, 6}, {17, 70, 130}, {82, 384, 128}, {16, 31, 62},
	{81, 48, 32}, {1, 130, 66}, {97, 16, 34}, {49, 15, 128},
}

func TestMatMulTBF16(t *testing.T) {
	for _, s := range matMulShapes {
		for _, add := range []bool{false, true} {
			eachCase(t, fmt.Sprintf("%v add %v", s, add), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(s.k)))
				ldx, ldy := s.k+2, s.n+3
				x, _ := fenced(t, rng, s.m*ldx)
				w, _ := fenced(t, rng, s.n*s.k)
				y, check := fenced(t, rng, s.m*ldy)
				xb, before := rounded(x), append([]float32(nil), y...)
				var p, pt PanelsBF16
				p.Pack(w, s.n, s.k)
				MatMulTBF16(y, ldy, xb, ldx, s.m, &p, add)
				check()
				want := widenTo64(before)
				wf := widened(rounded(w))
				for i := range s.m {
					for j := range s.n {
						sum := 0.0
						for k := range s.k {
							sum += float64(xb[i*ldx+k].Float32()) * float64(wf[j*s.k+k])
						}
						if add {
							sum += want[i*ldy+j]
						}
						want[i*ldy+j] = sum
					}
				}
				closeTo(t, "y", y, want, sumTol)
				if !add {
					yb := random16(rng, s.m*ldy)
					before := append([]BF16(nil), yb...)
					MatMulTRoundBF16(yb, ldy, xb, ldx, s.m, &p)
					for i, got := range yb {
						if want := ToBF16(y[i]); i%ldy < s.n && got != want || i%ldy >= s.n && got != before[i] {
							t.Fatalf("rounded y[%d, %d] is %v, want %v", i/ldy, i%ldy, got.Float32(), y[i])
						}
					}
				}
				pt.PackT(transposed(w, s.n, s.k), s.k, s.n)
				for i, v := range pt.Data {
					if v != p.Data[i] {
						t.Fatalf("PackT of the transpose differs from Pack at %d", i)
					}
				}
			})
		}
	}
}

func TestAddOuter(t *testing.T) {
	for _, s := range append(matMulShapes, struct{ m, n, k int }{601, 17, 40}) {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, uint64(s.k)))
			dy, _ := fenced(t, rng, s.m*s.n)
			x, _ := fenced(t, rng, s.m*s.k)
			dy, x = widened(rounded(dy)), widened(rounded(x))
			for _, bf16 := range []bool{false, true} {
				dw, check := fenced(t, rng, s.n*s.k)
				want := widenTo64(dw)
				for i := range s.m {
					for j := range s.n {
						for k := range s.k {
							want[j*s.k+k] += float64(dy[i*s.n+j]) * float64(x[i*s.k+k])
						}
					}
				}
				if bf16 {
					addOuterBF16(dw, rounded(dy), rounded(x), s.m, s.n, s.k)
				} else {
					AddOuter(dw, dy, x, s.m, s.n, s.k)
				}
				check()
				closeTo(t, "dw", dw, want, sumTol)
			}
		})
	}
}

// addOuterBF16 is AddOuter as training does it in bfloat16.
func addOuterBF16(dw []float32, dy, x []BF16, m, n, k int) {
	var p PanelsBF16
	ld := PadBF16(m)
	t := make([]BF16, n*ld)
	TransposeBF16(t, ld, append(dy[:m*n:m*n], make([]BF16, (ld-m)*n)...), m, n)
	p.PackRows(x, k, m, k)
	MatMulTBF16(dw, k, t, ld, n, &p, true)
}

// A row's result is the same bits wherever the rows are cut.
func TestMatMulTBF16Split(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		const m, n, k = 29, 48, 64
		rng := rand.New(rand.NewPCG(3, 3))
		x, _ := fenced(t, rng, m*k)
		w, _ := fenced(t, rng, n*k)
		var p PanelsBF16
		p.Pack(w, n, k)
		whole, parts := make([]float32, m*n), make([]float32, m*n)
		xb := rounded(x)
		MatMulTBF16(whole, n, xb, k, m, &p, false)
		for i := 0; i < m; i += 7 {
			MatMulTBF16(parts[i*n:], n, xb[i*k:], k, min(7, m-i), &p, false)
		}
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("y[%d] = %v whole, %v in parts", i, whole[i], parts[i])
			}
		}
	})
}

func TestRoundBF16(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 4))
		src := make([]float32, 1<<12+7)
		for i := range src {
			src[i] = math.Float32frombits(rng.Uint32())
		}
		copy(src, []float32{0, float32(math.Copysign(0, -1)), 1, 1.00390625, 1.01171875, math.MaxFloat32,
			float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-40, -1e-40})
		dst := make([]BF16, len(src))
		RoundBF16(dst, src)
		for i, f := range src {
			if want := ToBF16(f); dst[i] != want {
				t.Fatalf("RoundBF16(%v = %#x) = %#x, want %#x", f, math.Float32bits(f), dst[i], want)
			}
		}
		for i, f := range widened(dst) {
			if math.Float32bits(f) != uint32(dst[i])<<16 {
				t.Fatalf("ExpandBF16(%#x) = %v", dst[i], f)
			}
		}
	})
}

// Registers and tiles survive preemption and garbage collection: products of many
// goroutines at once have the bits of one alone.
func TestMatMulTBF16UnderGC(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		if !HasBF16() {
			t.Skip("plain Go")
		}
		const m, n, k = 82, 96, 128
		rng := rand.New(rand.NewPCG(3, 4))
		x := random16(rng, m*k)
		var p PanelsBF16
		p.PackDots(random16(rng, n*k), k, n, k)
		want, rounded := make([]float32, m*n), make([]BF16, m*n)
		MatMulTBF16(want, n, x, k, m, &p, false)
		MatMulTRoundBF16(rounded, n, x, k, m, &p)
		var wg sync.WaitGroup
		var done atomic.Bool
		for range 4 * runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for !done.Load() {
					y, yb := make([]float32, m*n), make([]BF16, m*n)
					MatMulTBF16(y, n, x, k, m, &p, false)
					MatMulTRoundBF16(yb, n, x, k, m, &p)
					if !slices.Equal(y, want) || !slices.Equal(yb, rounded) {
						t.Error("other bits than alone")
					}
				}
			})
		}
		for range 50 {
			runtime.GC()
		}
		done.Store(true)
		wg.Wait()
	})
}

func TestPanelsDoNotAllocate(t *testing.T) {
	var p PanelsBF16
	p.Pack(make([]float32, 32*8), 32, 8)
	x, y := make([]BF16, 9*8), make([]float32, 9*32)
	f, dw := make([]float32, 9*32), make([]float32, 32*32)
	if n := testing.AllocsPerRun(10, func() {
		MatMulTBF16(y, 32, x, 8, 9, &p, false)
		AddOuter(dw, y, f, 9, 32, 32)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Every layout is exactly that of its doc comment, over what a larger matrix left
// behind, and nothing beside it is written.
func TestLayoutsBF16(t *testing.T) {
	for _, s := range []struct{ rows, cols int }{{1, 1}, {1, 32}, {2, 16}, {17, 8}, {81, 32}, {82, 48}, {33, 130}, {96, 64}} {
		eachCase(t, fmt.Sprint(s), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(6, uint64(s.cols)))
			ld, padded := s.cols+3, PadBF16(s.rows)
			x, src := random16(rng, s.rows*ld), random16(rng, padded*s.cols)
			var dots, rows PanelsBF16
			for _, p := range []*PanelsBF16{&dots, &rows} {
				p.PackDots(random16(rng, 160*160), 160, 160, 160)
			}
			dots.PackDots(x, ld, s.rows, s.cols)
			rows.PackRows(x, ld, s.rows, s.cols)
			for i := range (dots.N + 31) &^ 31 {
				for k := range (dots.K + 1) &^ 1 {
					var want BF16
					if i < s.rows && k < s.cols {
						want = x[i*ld+k]
					}
					if got := dots.at(i, k); got != want {
						t.Fatalf("PackDots: [%d, %d] is %#x, want %#x", i, k, got, want)
					}
				}
			}
			for i := range (rows.N + 31) &^ 31 {
				for k := range rows.K {
					var want BF16
					if k < s.rows && i < s.cols {
						want = x[k*ld+i]
					}
					if got := rows.at(i, k); got != want {
						t.Fatalf("PackRows: [%d, %d] is %#x, want %#x", i, k, got, want)
					}
				}
			}
			const guard = 0x1234
			dst := make([]BF16, (s.cols+1)*(padded+2))
			for i := range dst {
				dst[i] = guard
			}
			TransposeBF16(dst, padded+2, src, s.rows, s.cols)
			for i, got := range dst {
				c, r, want := i/(padded+2), i%(padded+2), BF16(guard)
				switch {
				case c < s.cols && r < s.rows:
					want = src[r*s.cols+c]
				case c < s.cols && r < padded:
					want = 0
				}
				if got != want {
					t.Fatalf("TransposeBF16: [%d, %d] is %#x, want %#x", c, r, got, want)
				}
			}
		})
	}
}

// at returns w[j, k].
func (p *PanelsBF16) at(j, k int) BF16 {
	return p.Data[j/PanelWidthBF16*p.panelLen()+(k/2*PanelWidthBF16+j%PanelWidthBF16)*2+k%2]
}

func random16(rng *rand.Rand, n int) []BF16 {
	s := make([]BF16, n)
	for i := range s {
		s[i] = ToBF16(float32(rng.NormFloat64()))
	}
	return s
}

func TestToBF16IsNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 10000 {
		f := float32(rng.NormFloat64())
		b := ToBF16(f)
		err := math.Abs(float64(b.Float32()) - float64(f))
		for _, other := range []BF16{b - 1, b + 1} {
			if e := math.Abs(float64(other.Float32()) - float64(f)); e < err {
				t.Fatalf("ToBF16(%v) = %v, but %v is nearer", f, b.Float32(), other.Float32())
			}
		}
	}
}

func widenTo64(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = float64(v)
	}
	return out
}

func transposed(w []float32, rows, cols int) []float32 {
	out := make([]float32, len(w))
	for r := range rows {
		for c := range cols {
			out[c*rows+r] = w[r*cols+c]
		}
	}
	return out
}

func BenchmarkMatMulTBF16(b *testing.B) {
	for _, s := range []struct{ n, k int }{{384, 128}, {128, 128}, {512, 128}, {128, 256}, {1024, 256}, {256, 512}} {
		b.Run(fmt.Sprintf("n%d k%d", s.n, s.k), func(b *testing.B) {
			const m = 328
			var p PanelsBF16
			p.Pack(make([]float32, s.n*s.k), s.n, s.k)
			x, y := make([]BF16, m*s.k), make([]float32, m*s.n)
			for b.Loop() {
				MatMulTBF16(y, s.n, x, s.k, m, &p, false)
			}
			reportFLOPs(b, 2*m*s.n*s.k)
		})
	}
}

func BenchmarkAddOuter(b *testing.B) {
	for _, s := range []struct{ n, k int }{{384, 128}, {128, 128}, {512, 128}, {128, 256}, {1024, 256}} {
		const m = 328
		dw := make([]float32, s.n*s.k)
		b.Run(fmt.Sprintf("bf16 n%d k%d", s.n, s.k), func(b *testing.B) {
			ld := PadBF16(m)
			dy, x, transposed := make([]BF16, ld*s.n), make([]BF16, m*s.k), make([]BF16, ld*s.n)
			var p PanelsBF16
			for b.Loop() {
				TransposeBF16(transposed, ld, dy, m, s.n)
				p.PackRows(x, s.k, m, s.k)
				MatMulTBF16(dw, s.k, transposed, ld, s.n, &p, true)
			}
			reportFLOPs(b, 2*m*s.n*s.k)
		})
		b.Run(fmt.Sprintf("f32 n%d k%d", s.n, s.k), func(b *testing.B) {
			dy, x := make([]float32, m*s.n), make([]float32, m*s.k)
			for b.Loop() {
				AddOuter(dw, dy, x, m, s.n, s.k)
			}
			reportFLOPs(b, 2*m*s.n*s.k)
		})
	}
}

func reportFLOPs(b *testing.B, perOp int) {
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
