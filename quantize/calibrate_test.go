package quantize

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// correlated returns rows x [rows, k], whose inputs depend on each other and
// differ in size, and their moments.
func correlated(rows, k int, seed uint64) *Moments {
	rng := rand.New(rand.NewPCG(seed, 3))
	mix := make([]float64, k*k)
	for i := range mix {
		mix[i] = rng.NormFloat64() * math.Exp(rng.NormFloat64())
	}
	h := NewMoments(k)
	x := make([]float64, k)
	for range rows {
		clear(x)
		for i := range k / 2 { // half of the rank
			s := rng.NormFloat64()
			for j := range x {
				x[j] += s * mix[i*k+j]
			}
		}
		for j := range x {
			x[j] += rng.NormFloat64() / 8
		}
		for i, a := range x {
			for j, b := range x {
				h.Sum[i*k+j] += a * b
			}
		}
		h.Rows++
	}
	return h
}

// damp adds to the diagonal what newFeedback does.
func (h *Moments) damp() {
	var trace float64
	for j := range h.K {
		trace += h.Sum[j*h.K+j]
	}
	for j := range h.K {
		h.Sum[j*h.K+j] += damping * trace / float64(h.K)
	}
}

// obs rounds a row as the paper does: after each input the others move to where
// they make the damped error least, which inverts what is left of H every time.
func obs(w []float32, scale float64, order []int, h []float64, k int) []int8 {
	v, q := make([]float64, k), make([]int8, k)
	for j := range v {
		v[j] = float64(w[j])
	}
	for n := k - 1; n >= 0; n-- {
		j, rest := order[n], order[:n]
		r := math.RoundToEven(v[j] / scale)
		q[j] = int8(max(-largest8, min(largest8, r)))
		e := v[j] - scale*float64(q[j])
		a, b := make([]float64, n*n), make([]float64, n)
		for x, i := range rest {
			for y, l := range rest {
				a[x*n+y] = h[i*k+l]
			}
			b[x] = h[i*k+j] * e
		}
		for x, by := range solve(a, b) { // e_rest = -H_rest^-1 H_rest,j e
			v[rest[x]] += by
		}
	}
	return q
}

// solve returns a^-1 b by elimination.
func solve(a, b []float64) []float64 {
	n := len(b)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := a[j*n+i] / a[i*n+i]
			for k := i; k < n; k++ {
				a[j*n+k] -= f * a[i*n+k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[i*n+k] * b[k]
		}
		b[i] /= a[i*n+i]
	}
	return b
}

func TestFeedbackIsOptimalBrainSurgery(t *testing.T) {
	for seed := range uint64(20) {
		const rows, k = 5, 9
		m, h := random(rows, k), correlated(40, k, seed)
		f, err := newFeedback(h)
		if err != nil {
			t.Fatal(err)
		}
		h.damp()
		q, e := make([]int8, k), make([]float64, k)
		for i := range rows {
			w := m.F32[i*k : (i+1)*k]
			f.round(q, w, 0.3, e)
			if want := obs(w, 0.3, f.order, h.Sum, k); !slices.Equal(q, want) {
				t.Fatalf("seed %d, row %d: %v, want %v", seed, i, q, want)
			}
		}
	}
}

// best returns the least e H e^T of all rows within some steps of w.
func best(w []float32, scale float64, h *Moments) float64 {
	const steps = 16
	least, e := math.Inf(1), make([]float64, h.K)
	var try func(j int)
	try = func(j int) {
		if j == h.K {
			least = min(least, h.norm2(e))
			return
		}
		for n := -steps; n <= steps; n++ {
			e[j] = float64(w[j]) - scale*(math.Round(float64(w[j])/scale)+float64(n))
			try(j + 1)
		}
	}
	try(0)
	return least
}

// Between the best of all roundings and the bound of the nearest plane.
func TestFeedbackAgainstBruteForce(t *testing.T) {
	const k, scale, matrices = 3, 0.25, 30
	optimal := 0
	for seed := range uint64(matrices) {
		w, h := random(1, k).F32, correlated(20, k, seed)
		f, err := newFeedback(h)
		if err != nil {
			t.Fatal(err)
		}
		h.damp()
		q, e, bound := make([]int8, k), make([]float64, k), 0.0
		f.round(q, w, scale, e)
		for j := range k {
			bound += f.r[j*k+j] * f.r[j*k+j] * scale * scale / 4
			e[j] = float64(w[j]) - scale*float64(q[j])
		}
		got, least := h.norm2(e), best(w, scale, h)
		if got < least*(1-1e-9) || got > bound*(1+1e-9) {
			t.Errorf("seed %d: error %g, the best is %g, the bound %g", seed, got, least, bound)
		}
		if got < least*(1+1e-9) {
			optimal++
		}
	}
	if optimal < matrices/3 {
		t.Errorf("the best of all in %d of %d matrices", optimal, matrices)
	}
}

func TestCalibrateIsNeverWorseThanNearest(t *testing.T) {
	for seed := range uint64(8) {
		m, h := random(16, 48), correlated(30, 48, seed) // of lower rank than the matrix
		q, report, err := Calibrate(t.Context(), m, h)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := Convert(m, I8)
		if !slices.Equal(q.Scale, n.Scale) {
			t.Error("other scales than Convert's")
		}
		w, a, b := make([]float32, 48), make([]float64, 48), make([]float64, 48)
		for i := range m.Rows {
			m.Row(w, i)
			for j, v := range w {
				a[j] = float64(v) - float64(q.Scale[i])*float64(q.I8[i*48+j])
				b[j] = float64(v) - float64(n.Scale[i])*float64(n.I8[i*48+j])
			}
			if got, nearest := h.norm2(a), h.norm2(b); got > nearest {
				t.Errorf("seed %d, row %d: error %g, nearest %g", seed, i, got, nearest)
			}
		}
		if report.Calibrated > report.Nearest/2 {
			t.Errorf("seed %d: %+v, want half of the error", seed, report)
		}
	}
}

// What no row shows is rounded to the nearest.
func TestCalibrateWithoutSignal(t *testing.T) {
	m := random(7, 12)
	clear(m.F32[:12])
	want, _ := Convert(m, I8)
	q, report, err := Calibrate(t.Context(), m, &Moments{K: 12, Rows: 3, Sum: make([]float64, 144)})
	if err != nil || !slices.Equal(q.I8, want.I8) || report != (OutputError{}) {
		t.Errorf("%v, %+v", err, report)
	}
	again, _, err := Calibrate(t.Context(), want, correlated(9, 12, 1))
	if err != nil || !slices.Equal(again.I8, want.I8) {
		t.Errorf("an int8 matrix changes: %v", err)
	}
}

func TestCalibrateRefusesMoments(t *testing.T) {
	m := random(3, 4)
	bad := correlated(9, 4, 1)
	bad.Sum[5] = math.NaN()
	negative := NewMoments(4)
	negative.Rows, negative.Sum[0], negative.Sum[5] = 1, 3, -1
	for name, h := range map[string]*Moments{
		"none": nil, "width": correlated(9, 5, 1), "rows": NewMoments(4), "NaN": bad, "negative": negative,
	} {
		if _, _, err := Calibrate(t.Context(), m, h); !errors.Is(err, ErrMoments) {
			t.Errorf("%s: %v, want ErrMoments", name, err)
		}
	}
	m.F32[2] = float32(math.Inf(1))
	if _, _, err := Calibrate(t.Context(), m, correlated(9, 4, 1)); !errors.Is(err, ErrRange) {
		t.Errorf("infinite: %v, want ErrRange", err)
	}
}

func TestCalibrateEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q, _, err := Calibrate(ctx, NewF32(make([]float32, 12), 3, 4), correlated(9, 4, 1))
	if !errors.Is(err, context.Canceled) || q.I8 != nil {
		t.Errorf("a matrix of %d numbers and error %v, want none and %v", len(q.I8), err, context.Canceled)
	}
}
