package kernels

import (
	"fmt"
	"math"
	"testing"
)

// guardBF16 is a number that no kernel computes.
var guardBF16 = ToBF16(guard)

// guardedBF16 returns room for m rows of n numbers, ld apart, that start off numbers
// into their array, and a check that nothing around and between them was written.
func guardedBF16(t *testing.T, m, n, ld, off int) (s []BF16, check func(name string)) {
	t.Helper()
	size := max(0, (m-1)*ld+n)
	all := make([]BF16, off+size+32)
	for i := range all {
		all[i] = guardBF16
	}
	return all[off : off+size], func(name string) {
		t.Helper()
		for i, v := range all {
			if at := i - off; v != guardBF16 && (at < 0 || at >= size || at%ld >= n) {
				t.Fatalf("%s: wrote %v at %d of %d", name, v.Float32(), at, size)
			}
		}
	}
}

// nearBF16 wants got to be want rounded to BF16, but for an error before that: of a
// SwiGLU 2e-4, by a power within 1e-4 and a reciprocal within 6e-5, of a rotation that
// of two products in float32.
func nearBF16(t *testing.T, name string, got BF16, want, before float64) {
	t.Helper()
	if diff := math.Abs(float64(got.Float32()) - want); !(diff <= math.Abs(want)/256+before*1.01+1e-9) {
		t.Fatalf("%s: %v, want %v (off by %.3g)", name, got.Float32(), want, diff)
	}
}

// Against MatMulI8 and the equation in float64; so SwiGLUPanels.
func TestSwiGLUI8(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for m := range 70 {
			n, k := 16*(1+m%5), []int{64, 128, 52, 256}[m%4]
			xs, ws := randomI8(make([]int8, m*k), -127, uint64(m)), randomI8(make([]int8, 2*n*k), -128, 7)
			x, w := rowsOf(xs, m, k, m%16), packI8(ws, 2*n, k)
			for i := range w.Scale {
				w.Scale[i] = float32(i+1) * 1e-5
			}
			y, lda := make([]float32, m*2*n), n+m%3
			MatMulI8(y, 2*n, x, m, w)
			act, check := guardedBF16(t, m, n, lda, m%16)
			SwiGLUI8(act, lda, x, m, w, make([]float32, (1+m%4)*2*n+m%5))
			check(fmt.Sprintf("%d x %d x %d", m, n, k))
			for i := range m {
				for j := range n {
					at := i*2*n + 2*(j/16*16) + j%16
					gate, up := float64(y[at]), float64(y[at+16])
					want := gate / (1 + math.Exp(-gate)) * up
					nearBF16(t, "act", act[i*lda+j], want, 2e-4*math.Abs(want))
				}
			}
		}
	})
}

// Gates far from 0, and what is no number.
func TestSwiGLUI8Extremes(t *testing.T) {
	const k = 64
	ws := make([]int8, 32*k)
	for j := range 32 {
		ws[j*k] = 1
	}
	eachImplementation(t, func(t *testing.T) {
		for _, gate := range []float32{-1e4, -130, -90, -20, 20, 90, 130, 1e4, 3e38, float32(math.NaN())} {
			x, w := rowsOf(make([]int8, k), 1, k, 0), packI8(ws, 32, k)
			x.Data[0], x.Shift[0], x.Scale[0] = 1, -128, gate
			for j := range w.Scale {
				w.Scale[j] = 1
				if j >= 16 {
					w.Scale[j] = 1 / gate
				}
			}
			act := make([]BF16, 16)
			SwiGLUI8(act, 16, x, 1, w, make([]float32, 32))
			got, want := act[0].Float32(), float64(gate)/(1+math.Exp(-float64(gate)))
			if gate != gate && got == got {
				t.Errorf("gate NaN: %v", got)
			}
			if gate == gate {
				nearBF16(t, fmt.Sprint("gate ", gate), act[0], want, 2e-4*math.Abs(want))
			}
		}
	})
}

// Against MatMulI8 and the equation in float64.
func TestHeadI8(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for m := range 70 {
			dim, k := 32*(1+m%3), []int{64, 128, 52}[m%3]
			n, positions := 3*dim, max(1, m-m/3-m%5)
			xs, ws := randomI8(make([]int8, m*k), -127, uint64(m)), randomI8(make([]int8, n*k), -128, 7)
			x, w := rowsOf(xs, m, k, m%16), packI8(ws, n, k)
			y, ldq := make([]float32, m*n), n+m%3
			MatMulI8(y, n, x, m, w)
			cos, sin := ropeTable(positions, dim, 100)
			if m%5 == 4 {
				cos, sin = nil, nil
			}
			qkv, check := guardedBF16(t, m, n, ldq, m%16)
			HeadI8(qkv, ldq, x, m, w, NewRotation(cos, sin, positions, m/positions+1, dim), make([]float32, (1+m%4)*n+m%5))
			name := fmt.Sprintf("%d rows, head of %d, k %d", m, dim, k)
			check(name)
			for i := range m {
				for c := range n {
					c0 := c - c%32 + c%16 // and its partner
					a, b, co, si := float64(y[i*n+c0]), float64(y[i*n+c0+16]), 1.0, 0.0
					if at := i%positions*dim/2 + c%dim/32*16 + c%16; cos != nil && c < 2*dim {
						co, si = float64(cos[at]), float64(sin[at])
					}
					want := a*co - b*si
					if c%32 >= 16 {
						want = b*co + a*si
					}
					nearBF16(t, fmt.Sprintf("%s: [%d, %d]", name, i, c), qkv[i*ldq+c], want, 2e-7*(math.Abs(a)+math.Abs(b)))
				}
			}
		}
	})
}

func TestTurnOrder(t *testing.T) {
	for _, dim := range []int{32, 64, 96} {
		seen := make([]bool, dim)
		for i := range dim / 2 {
			at, partner := TurnOrder(i, dim), TurnOrder(i+dim/2, dim)
			if partner != at+16 || at%32 >= 16 || at/32*16+at%16 != i || seen[at] {
				t.Fatalf("of %d: %d lies at %d, its partner at %d", dim, i, at, partner)
			}
			seen[at] = true
		}
	}
}
