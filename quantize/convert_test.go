package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func random(rows, cols int) Matrix {
	rng := rand.New(rand.NewPCG(1, 2))
	w := make([]float32, rows*cols)
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	return NewF32(w, rows, cols)
}

func TestConvertBounds(t *testing.T) {
	m := random(33, 65)
	for i := range 65 {
		m.F32[i] = 0 // a row of zeros has no scale
	}
	for _, c := range []struct {
		to    Format
		bound func(row []float32, v float32) float64
	}{
		{F32, func([]float32, float32) float64 { return 0 }},
		{F16, func(_ []float32, v float32) float64 { return math.Abs(float64(v))/2048 + 1e-7 }},
		{BF16, func(_ []float32, v float32) float64 { return math.Abs(float64(v)) / 256 }},
		{I8, func(row []float32, _ float32) float64 {
			var largest float64
			for _, w := range row {
				largest = max(largest, math.Abs(float64(w)))
			}
			return largest / 127 / 2 * (1 + 1e-5)
		}},
	} {
		q, err := Convert(m, c.to)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, m.Cols)
		for i := range m.Rows {
			q.Row(got, i)
			want := m.F32[i*m.Cols : (i+1)*m.Cols]
			for j := range want {
				if d := math.Abs(float64(got[j]) - float64(want[j])); d > c.bound(want, want[j]) {
					t.Fatalf("%v: [%d, %d] is %v, was %v", c.to, i, j, got[j], want[j])
				}
			}
		}
		if back, _ := Convert(q, F32); c.to != F32 && Compare(back, q).MaxAbs != 0 {
			t.Errorf("%v: to f32 and back changes numbers", c.to)
		}
	}
}

func TestConvertTies(t *testing.T) {
	one := math.Float32bits(1)
	for _, c := range []struct{ bits, want uint32 }{
		{one | 0x8000, 0x3f80}, {one | 0x18000, 0x3f82}, {one | 0x8001, 0x3f81}, {one | 0x7fff, 0x3f80},
	} {
		m, err := Convert(NewF32([]float32{math.Float32frombits(c.bits)}, 1, 1), BF16)
		if err != nil || uint32(m.Half[0]) != c.want {
			t.Errorf("%#x -> %#x, want %#x (%v)", c.bits, m.Half[0], c.want, err)
		}
	}
}

func TestConvertRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		v  float64
		to Format
	}{{math.NaN(), I8}, {math.Inf(-1), BF16}, {70000, F16}, {math.Inf(1), F16}} {
		if _, err := Convert(NewF32([]float32{0, float32(c.v)}, 1, 2), c.to); !errors.Is(err, ErrRange) {
			t.Errorf("%v to %v: %v, want ErrRange", c.v, c.to, err)
		}
	}
	if _, err := Convert(NewF32([]float32{1}, 1, 1), Format(9)); err == nil {
		t.Error("format 9 accepted")
	}
}

func TestCompare(t *testing.T) {
	a, b := NewF32([]float32{3, 0, 0, 4}, 2, 2), NewF32([]float32{3, 0, 0, -4}, 2, 2)
	e := Compare(a, b)
	if e.MaxAbs != 8 || math.Abs(e.Relative-8.0/5) > 1e-12 || math.Abs(e.Cosine-(9.0-16)/25) > 1e-12 {
		t.Errorf("got %+v", e)
	}
}

func TestAddRow(t *testing.T) {
	for _, to := range []Format{F32, I8} {
		m, _ := Convert(NewF32([]float32{1, 2, 127, -127}, 2, 2), to)
		dst := []float32{1, 1}
		m.AddRow(dst, 1)
		if dst[0] != 128 || dst[1] != -126 {
			t.Errorf("%v: %v", to, dst)
		}
	}
}
