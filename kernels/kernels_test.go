package kernels

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// guard is a number that no kernel computes.
const guard = float32(-12345.678)

// guarded returns a slice of n numbers that starts off numbers into its
// array, and a check that nothing around it was written.
func guarded(t *testing.T, n, off int) (s []float32, check func(name string)) {
	t.Helper()
	all := make([]float32, off+n+32)
	for i := range all {
		all[i] = guard
	}
	return all[off : off+n : off+n], func(name string) {
		t.Helper()
		for i, v := range all {
			if (i < off || i >= off+n) && v != guard {
				t.Fatalf("%s: wrote %v at %d of %d", name, v, i-off, n)
			}
		}
	}
}

// random fills s with normal draws.
func random(s []float32, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// eachImplementation runs a test with every implementation that runs here.
func eachImplementation(t *testing.T, test func(t *testing.T)) {
	best := string(active)
	defer Use(best)
	for _, name := range Implementations() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, test)
	}
}

// within fails unless got is within bound of want, which scale multiplies.
//
// A float32 rounds by 6e-8 of itself. Bounds are multiples of that, for as many
// roundings as a kernel has between its argument and its result, and two to ten times
// what was the worst of plain Go, AVX2 and AVX-512, which their comments tell.
func within(t *testing.T, name string, got []float32, want []float64, bound, scale float64) {
	t.Helper()
	for i := range want {
		if diff := math.Abs(float64(got[i]) - want[i]); !(diff <= bound*scale) {
			t.Fatalf("%s: number %d is %v, want %v (off by %.3g, bound %.3g)", name, i, got[i], want[i], diff, bound*scale)
		}
	}
}

func TestUse(t *testing.T) {
	names := Implementations()
	if names[0] != "generic" {
		t.Errorf("implementations %v, want generic first", names)
	}
	best := string(active)
	defer Use(best)
	for _, name := range names {
		if err := Use(name); err != nil {
			t.Error(err)
		}
		if got, err := Implementation(); got != name || err != nil {
			t.Errorf("Implementation() = %s, %v after Use(%s)", got, err, name)
		}
	}
	err := Use("sse2")
	if err == nil || !strings.Contains(err.Error(), `"sse2"`) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("Use(sse2): %v, want an error that names it and the choices", err)
	}
	if impl, err := choose("nonsense"); impl != generic || err == nil {
		t.Errorf("choose(nonsense) = %s, %v", impl, err)
	}
}

func TestPanicsOnShortSlices(t *testing.T) {
	w := NewPanels(20, 8)
	for name, call := range map[string]func(){
		"y":    func() { MatMulT(make([]float32, 39), 20, make([]float32, 16), 8, 2, w) },
		"x":    func() { MatMulT(make([]float32, 40), 20, make([]float32, 15), 8, 2, w) },
		"ldy":  func() { MatMulT(make([]float32, 40), 19, make([]float32, 16), 8, 2, w) },
		"ldx":  func() { MatMulT(make([]float32, 40), 20, make([]float32, 16), 7, 2, w) },
		"norm": func() { AddRMSNorm(make([]float32, 4), make([]float32, 3), 2, 1e-5) },
		"glu":  func() { SwiGLU(make([]float32, 4), make([]float32, 7), 2) },
		"bias": func() { softmaxRowsF32(make([]float32, 4), 4, 1, 4, 1, make([]float32, 3)) },
		"add":  func() { Add(make([]float32, 4), make([]float32, 3)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
