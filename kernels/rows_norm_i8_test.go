package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// sameRows wants the same bits in two sets of rows, and nothing written around
// the first, whose Data lies in all from off on.
func sameRows(t *testing.T, name string, got, want *RowsI8, m int, all []int8, off int) {
	t.Helper()
	stride := strideI8(want.K)
	for i := range m {
		scales := []float32{got.Scale[i], want.Scale[i]}
		if math.Float32bits(scales[0]) != math.Float32bits(scales[1]) && !(scales[0] != scales[0] && scales[1] != scales[1]) || got.Shift[i] != want.Shift[i] {
			t.Fatalf("%s: row %d: scale %v, shift %d, want %v, %d", name, i, got.Scale[i], got.Shift[i], want.Scale[i], want.Shift[i])
		}
		if a, b := got.Data[i*stride:][:paddedI8(want.K)], want.Data[i*stride:][:paddedI8(want.K)]; !slices.Equal(a, b) {
			t.Fatalf("%s: row %d is %v, want %v", name, i, a, b)
		}
	}
	for i, v := range all {
		if at := i - off; v != -128 && (at < 0 || at >= m*stride || at%stride >= paddedI8(want.K)) {
			t.Fatalf("%s: byte %d is %d", name, at, v)
		}
	}
}

// guardedRows returns rows between bytes of -128, and all those bytes.
func guardedRows(m, k, off int) (r *RowsI8, all []int8) {
	size := m * strideI8(k)
	all = slices.Repeat([]int8{-128}, off+size+64)
	return &RowsI8{K: k, Data: all[off : off+size], Scale: make([]float32, m), Shift: make([]int32, m)}, all
}

// spoil makes some rows of x [m, k] ones that have no scale.
func spoil(x []float32, m, k int) {
	for i := range m {
		if k == 0 {
			return
		}
		switch row := x[i*k : (i+1)*k]; i % 7 {
		case 2:
			clear(row)
		case 4:
			row[k/2] = float32(math.NaN())
		case 5:
			row[k-1] = float32(math.Inf(-1))
		}
	}
}

func TestRowsAddRMSNorm(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for n := range 260 {
			for _, m := range []int{0, 1, 2, 9} {
				off := (n + m) % 16
				name := fmt.Sprintf("%d x %d at %d", m, n, off)
				h, check := guarded(t, m*n, off)
				y := random(make([]float32, m*n+off), 2)[off:]
				random(h, uint64(n))
				spoil(h, m, n)
				clear(y[min(len(y), 2*n):min(len(y), 3*n)])
				want, rows := slices.Clone(h), NewRowsI8(m, n)
				AddRMSNorm(want, y, n, 1e-5)
				r, all := guardedRows(m, n, off)
				r.AddRMSNorm(h, y, n, 1e-5)
				check(name)
				rows.Quantize(h, n, m, n)
				if n > 0 {
					sameRows(t, name, r, rows, m, all, off)
				}
				for i := range h {
					if diff := math.Abs(float64(h[i] - want[i])); !(diff <= 1e-6*max(1, math.Abs(float64(want[i])))) && !(h[i] != h[i] && want[i] != want[i]) {
						t.Fatalf("%s: number %d is %v, want %v", name, i, h[i], want[i])
					}
				}
			}
		}
	})
}

func TestQuantizeBF16(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for k := range 194 {
			const m = 8
			off, ldx := k%16, k+k%3
			name := fmt.Sprintf("%d x %d at %d", m, k, off)
			wide := random(make([]float32, m*ldx), uint64(k))
			spoil(wide, m, ldx)
			x := make([]BF16, off+m*ldx)[off:]
			RoundBF16(x, wide)
			ExpandBF16(wide, x)
			rows := NewRowsI8(m, k)
			rows.Quantize(wide, ldx, m, k)
			r, all := guardedRows(m, k, off)
			r.QuantizeBF16(x, ldx, m, k)
			sameRows(t, name, r, rows, m, all, off)
		}
	})
}
