package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// eachLength calls test with lengths 0 to 130 at different offsets.
func eachLength(t *testing.T, test func(t *testing.T, name string, n, off int)) {
	eachImplementation(t, func(t *testing.T) {
		for n := range 131 {
			for off := range 3 {
				test(t, fmt.Sprintf("%d numbers at %d", n, off), n, off)
			}
		}
	})
}

func TestAdd(t *testing.T) {
	eachLength(t, func(t *testing.T, name string, n, off int) {
		y, check := guarded(t, n, off)
		random(y, 1)
		a, b := random(make([]float32, n+off), 2)[off:], random(make([]float32, n), 3)
		once, twice := make([]float64, n), make([]float64, n)
		for i := range y {
			once[i] = float64(y[i]) + float64(a[i])
			twice[i] = once[i] + float64(a[i]) + float64(b[i])
		}
		Add(y, a) // numbers up to 8: half a unit is 2.4e-7
		within(t, name, y, once, 5e-7, 1)
		Add2(y, a, b)
		within(t, name, y, twice, 1e-6, 1)
		check(name)
	})
}

func TestAddRMSNorm(t *testing.T) {
	const rows, eps = 3, 1e-5
	eachLength(t, func(t *testing.T, name string, n, off int) {
		h, check := guarded(t, rows*n, off)
		random(h, 1)
		y := random(make([]float32, rows*n+off), 2)[off:]
		want := make([]float64, rows*n)
		for r := 0; n > 0 && r < rows; r++ {
			sum := 0.0
			for i := r * n; i < r*n+n; i++ {
				want[i] = float64(h[i]) + float64(y[i])
				sum += want[i] * want[i]
			}
			for i := r * n; i < r*n+n; i++ {
				want[i] /= math.Sqrt(sum/float64(n) + eps)
			}
		}
		AddRMSNorm(h, y, n, eps)
		check(name)
		within(t, name, h, want, 2e-6, 1) // numbers up to 4 after a sum, a root and a product; 7e-7 seen
	})
}

func TestSwiGLU(t *testing.T) {
	const rows = 2
	eachLength(t, func(t *testing.T, name string, n, off int) {
		act, check := guarded(t, rows*n, off)
		gu := random(make([]float32, rows*2*n+off), 1)[off:]
		want := make([]float64, rows*n)
		for i := range want {
			g, up := float64(gu[i/n*2*n+i%n]), float64(gu[i/n*2*n+n+i%n])
			want[i] = g / (1 + math.Exp(-g)) * up
		}
		SwiGLU(act, gu, n)
		check(name)
		within(t, name, act, want, 2e-6, 1) // numbers up to 8; 5e-7 seen
	})
}

func TestSwiGLUPanels(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for panels := range 9 {
			for off := range 3 {
				n, name := 16*panels, fmt.Sprintf("%d panels at %d", panels, off)
				act, check := guarded(t, n, off)
				gateUp := random(make([]float32, 2*n+off), 1)[off:]
				want := make([]float64, n)
				for i := range want {
					at := i/16*32 + i%16
					gateUp[at] *= 6
					g := float64(gateUp[at])
					want[i] = g / (1 + math.Exp(-g)) * float64(gateUp[at+16])
				}
				SwiGLUPanels(act, gateUp)
				check(name)
				within(t, name, act, want, 2e-6, 4) // gates six times as large; 2e-6 seen
			}
		}
	})
}

// RopeRows is Rope, row by row, to the bit, and leaves what lies between rows alone.
func TestRopeRows(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, d := range []int{2, 16, 24, 32, 64, 96} {
			for rows := range 5 {
				ldx := d + 3*rows
				x, check := guarded(t, max(0, (rows-1)*ldx+d), rows)
				random(x, uint64(d))
				cos, sin := ropeTable(rows, d, 10000)
				want := slices.Clone(x)
				for i := range rows {
					Rope(want[i*ldx:][:d], cos[i*d/2:], sin[i*d/2:])
				}
				RopeRows(x, ldx, rows, d, cos, sin)
				name := fmt.Sprintf("%d rows of %d", rows, d)
				check(name)
				if !slices.Equal(x, want) {
					t.Errorf("%s: %v, want %v", name, x, want)
				}
			}
		}
	})
}

// RopeBF16 is Rope and RoundBF16, row by row, to a unit in the last place.
func TestRopeBF16(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, d := range []int{2, 16, 32, 64, 96} {
			for rows := range 5 {
				ldx, ldd := d+rows, d+2*rows+1
				x := random(make([]float32, rows*ldx), uint64(d))
				cos, sin := ropeTable(rows, d, 10000)
				for _, c := range [][]float32{cos, nil} {
					dst := make([]BF16, rows*ldd)
					RopeBF16(dst, ldd, slices.Clone(x), ldx, rows, d, c, sin)
					for i := range rows {
						want := slices.Clone(x[i*ldx : i*ldx+d])
						if c != nil {
							Rope(want, cos[i*d/2:], sin[i*d/2:])
						}
						for j := range ldd {
							w := float32(0)
							if j < d {
								w = want[j]
							}
							if got := dst[i*ldd+j].Float32(); math.Abs(float64(got-w)) > math.Abs(float64(w))/250+1e-7 {
								t.Fatalf("%d rows of %d: [%d, %d] is %v, want %v", rows, d, i, j, got, w)
							}
						}
					}
				}
			}
		}
	})
}

func TestSwiGLUExtremes(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		gates := []float32{0, 1e-20, -1e-20, 80, -80, 100, -100, 1e30, -1e30}
		want := []float64{0, 5e-21, -5e-21, 80, 0, 100, 0, 1e30, 0}
		up := []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}
		act := make([]float32, len(up))
		SwiGLU(act, append(gates, up...), len(up))
		for i := range act {
			within(t, fmt.Sprint("gate ", gates[i]), act[i:], want[i:i+1], 1e-6, math.Abs(want[i])+0.01)
		}
	})
}

func TestSoftmax(t *testing.T) {
	eachLength(t, func(t *testing.T, name string, n, off int) {
		for _, withBias := range []bool{false, true} {
			s, check := guarded(t, n, off)
			random(s, 1)
			var bias []float32
			if withBias {
				bias = random(make([]float32, n+off), 2)[off:]
			}
			want, sum := make([]float64, n), 0.0
			for i, v := range s {
				want[i] = float64(v) * 3
				if withBias {
					want[i] += float64(bias[i])
				}
				want[i] = math.Exp(want[i])
				sum += want[i]
			}
			for i := range want {
				want[i] /= sum
			}
			softmaxRowsF32(s, n, 1, n, 3, bias)
			check(name)
			within(t, name, s, want, 1e-6, 1)
		}
	})
}

func TestSoftmaxExtremes(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		s := []float32{1e30, -1e30, 0, 1e30}
		softmaxRowsF32(s, len(s), 1, len(s), 1, nil)
		within(t, "softmax", s, []float64{0.5, 0, 0, 0.5}, 1e-6, 1)
		s = []float32{-3e38, -3e38}
		softmaxRowsF32(s, len(s), 1, len(s), 1, nil)
		within(t, "softmax", s, []float64{0.5, 0.5}, 1e-6, 1)
	})
}

// The polynomial against math.Exp, over every argument range.
func TestExp(t *testing.T) {
	for x := float32(-87); x < 88; x += 0.0037 {
		want := math.Exp(float64(x))
		within(t, fmt.Sprint("exp ", x), []float32{exp(x)}, []float64{want}, 3e-7, want)
	}
	if exp(-1000) > 2e-38 || math.IsInf(float64(exp(1000)), 0) {
		t.Errorf("exp(-1000) = %v, exp(1000) = %v", exp(-1000), exp(1000))
	}
}

// The same of every implementation; a softmax would hide small errors.
func TestExpSum(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		var s []float32
		var want []float64
		total := 0.0
		for x := float32(-87); x < 50; x += 0.0037 {
			s, want = append(s, x), append(want, math.Exp(float64(x)))
			total += want[len(want)-1]
		}
		sum := expSum(s, 0)
		for i := range want {
			within(t, fmt.Sprint("exp ", i), s[i:], want[i:i+1], 3e-7, want[i])
		}
		within(t, "sum", []float32{sum}, []float64{total}, 1e-5, total)
	})
}

// The maximum keeps exponentials in range; a softmax with another is right
// until they leave it.
func TestScaleMax(t *testing.T) {
	eachLength(t, func(t *testing.T, name string, n, off int) {
		s, bias := random(make([]float32, n+off), 1)[off:], random(make([]float32, n+1), 2)[1:]
		if n == 0 {
			return
		}
		for i := range s {
			s[i] -= 10 // all below 0, where a maximum might start
		}
		if top := scaleMax(s, nil, 3); top != slices.Max(s) {
			t.Fatalf("%s: %v, want %v", name, top, slices.Max(s))
		}
		if top := scaleMax(s, bias, 3); top != slices.Max(s) {
			t.Fatalf("%s with a bias: %v, want %v", name, top, slices.Max(s))
		}
	})
}

func TestRope(t *testing.T) {
	const positions, d, theta = 901, 64, 10000.0
	cos, sin := ropeTable(positions, d, theta)
	for _, p := range []int{0, 1, 81, 900} {
		x, check := guarded(t, d, 1)
		random(x, uint64(p))
		want := make([]float64, d)
		for i := range d / 2 {
			s, c := math.Sincos(float64(p) / math.Pow(theta, float64(2*i)/d))
			a, b := float64(x[i]), float64(x[i+d/2])
			want[i], want[i+d/2] = a*c-b*s, b*c+a*s
		}
		Rope(x, cos[p*d/2:(p+1)*d/2], sin[p*d/2:(p+1)*d/2])
		check("rope")
		// The angle p * freq, up to 900, has a rounding error of 3e-5 in float32.
		within(t, fmt.Sprint("position ", p), x, want, 2e-7*float64(p+10), 1)
	}
}

func TestRopeLengths(t *testing.T) {
	eachLength(t, func(t *testing.T, name string, n, off int) {
		x, check := guarded(t, 2*n, off)
		random(x, 1)
		cos, sin := random(make([]float32, n+off), 2)[off:], random(make([]float32, n), 3)
		want := make([]float64, 2*n)
		for i := range n {
			a, b, c, s := float64(x[i]), float64(x[n+i]), float64(cos[i]), float64(sin[i])
			want[i], want[n+i] = a*c-b*s, b*c+a*s
		}
		Rope(x, cos, sin)
		check(name)
		within(t, name, x, want, 2e-6, 1)
	})
}

// A number that is not a number stays one.
func TestNaN(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for n := 1; n < 20; n++ {
			for at := range n {
				s, act := random(make([]float32, n), 1), make([]float32, n)
				gateUp := random(make([]float32, 2*n), 2)
				s[at], gateUp[at] = float32(math.NaN()), float32(math.NaN())
				SwiGLU(act, gateUp, n)
				if act[at] == act[at] {
					t.Fatalf("silu(NaN) at %d of %d is %v", at, n, act[at])
				}
				softmaxRowsF32(s, len(s), 1, len(s), 1, nil)
				for _, v := range s {
					if v == v {
						t.Fatalf("softmax with NaN at %d of %d: %v", at, n, s)
					}
				}
				h := random(make([]float32, n), 1)
				h[at] = float32(math.NaN())
				AddRMSNorm(h, act, n, 1e-5)
				if h[0] == h[0] {
					t.Fatalf("norm with NaN at %d of %d: %v", at, n, h)
				}
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	const rows, d, inter, p = 42, 512, 1536, 82
	h, y := make([]float32, rows*d), random(make([]float32, rows*d), 1)
	gateUp, act := random(make([]float32, rows*2*inter), 2), make([]float32, rows*inter)
	scores := random(make([]float32, rows*p), 3)
	keys := NewPanels(p, 64)
	for name, f := range map[string]func(){
		"AddRMSNorm": func() { AddRMSNorm(h, y, d, 1e-5) },
		"SwiGLU":     func() { SwiGLU(act, gateUp, inter) },
		"SwiGLUPanels": func() {
			for i := range rows {
				SwiGLUPanels(act[i*inter:][:inter], gateUp[i*2*inter:])
			}
		},
		"Softmax": func() {
			for i := range rows {
				softmaxRowsF32(scores[i*p:], p, 1, p, 0.125, nil)
			}
		},
		"SetRow": func() {
			for i := range rows {
				keys.SetRow(i, y[:64])
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}

// ropeTable returns the cosines and sines of pos * theta^(-2i/d) for the given
// number of positions, each [positions, d/2]. The angle is rounded to float32
// where PyTorch rounds it.
func ropeTable(positions, d int, theta float64) (cos, sin []float32) {
	half := d / 2
	cos, sin = make([]float32, positions*half), make([]float32, positions*half)
	for i := range half {
		freq := float32(1 / math.Pow(theta, float64(2*i)/float64(d)))
		for p := range positions {
			angle := float64(float32(p) * freq)
			cos[p*half+i] = float32(math.Cos(angle))
			sin[p*half+i] = float32(math.Sin(angle))
		}
	}
	return cos, sin
}
