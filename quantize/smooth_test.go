package quantize

import (
	"errors"
	"math"
	"testing"
)

// swiGLU returns act = silu(gate . x) * (up . x) and down . act.
func swiGLU(gateUp, down Matrix, x []float64) (act, y []float64) {
	k, d := down.Cols, gateUp.Cols
	dot := func(w []float32, x []float64) (s float64) {
		for i, v := range w {
			s += float64(v) * x[i]
		}
		return s
	}
	for j := range k {
		gate, up := dot(gateUp.F32[j*d:(j+1)*d], x), dot(gateUp.F32[(k+j)*d:(k+j+1)*d], x)
		act = append(act, gate/(1+math.Exp(-gate))*up)
	}
	for i := range down.Rows {
		y = append(y, dot(down.F32[i*k:(i+1)*k], act))
	}
	return act, y
}

func TestSmoothKeepsTheFunction(t *testing.T) {
	const d, k, n = 6, 10, 4
	gateUp, down := random(2*k, d), random(n, k)
	for i := range d { // one loud channel, one dead one, one that down ignores
		gateUp.F32[(k+2)*d+i] *= 1000
		gateUp.F32[(k+3)*d+i] = 0
	}
	for i := range n {
		down.F32[i*k+4] = 0
	}
	xs := random(30, d)
	x := func(i int) []float64 {
		v := make([]float64, d)
		for j := range v {
			v[j] = float64(xs.F32[i*d+j])
		}
		return v
	}
	moments := func(gateUp, down Matrix) *Moments {
		h := NewMoments(k)
		for i := range xs.Rows {
			act, _ := swiGLU(gateUp, down, x(i))
			for a, u := range act {
				for b, v := range act {
					h.Sum[a*k+b] += u * v
				}
			}
			h.Rows++
		}
		return h
	}
	h := moments(gateUp, down)
	g, s, after, err := Smooth(gateUp, down, h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range xs.Rows {
		_, want := swiGLU(gateUp, down, x(i))
		_, got := swiGLU(g, s, x(i))
		for j := range want {
			if math.Abs(got[j]-want[j]) > 1e-5*math.Abs(want[j])+1e-3 {
				t.Fatalf("row %d: %v, was %v", i, got, want)
			}
		}
	}
	for i, v := range moments(g, s).Sum {
		if math.Abs(after.Sum[i]-v) > 1e-5*math.Sqrt(after.Sum[i/k*(k+1)]*after.Sum[i%k*(k+1)]) {
			t.Fatalf("moment %d is %g, want %g", i, after.Sum[i], v)
		}
	}
	rest := func(h *Moments) float64 { // what channels other than the loud one have
		var sum float64
		for j := range k {
			sum += h.Sum[j*k+j]
		}
		return 1 - h.Sum[2*k+2]/sum
	}
	if rest(after) < 50*rest(h) {
		t.Errorf("all but the loud channel have %g of the input, had %g", rest(after), rest(h))
	}
}

func TestSmoothRefuses(t *testing.T) {
	gateUp, down := random(8, 3), random(3, 4)
	if _, _, _, err := Smooth(gateUp, down, NewMoments(4)); !errors.Is(err, ErrMoments) {
		t.Errorf("no rows: %v", err)
	}
	if _, _, _, err := Smooth(random(9, 3), down, correlated(9, 4, 1)); !errors.Is(err, ErrMoments) {
		t.Errorf("9 rows of gates: %v", err)
	}
	q, _ := Convert(down, I8)
	if _, same, _, err := Smooth(gateUp, q, correlated(9, 4, 1)); err != nil || same.Format != I8 {
		t.Errorf("int8: %v, %v", same.Format, err)
	}
}
