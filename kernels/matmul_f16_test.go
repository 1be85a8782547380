package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/x448/float16"
)

func TestF16Float32(t *testing.T) {
	for bits := range 1 << 16 {
		got, want := F16(bits).Float32(), float16.Frombits(uint16(bits)).Float32()
		if math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%#04x is %v, want %v", bits, got, want)
		}
	}
}

// randomF16 returns numbers of all sizes that are exact in F16, subnormal ones
// and zeros among them, and their bits.
func randomF16(n int, seed uint64) (numbers []float32, bits []uint16) {
	numbers = random(make([]float32, n), seed)
	for i, v := range numbers {
		h := float16.Fromfloat32(v * float32(math.Ldexp(1, -(i%28))))
		numbers[i] = h.Float32()
		bits = append(bits, h.Bits())
	}
	return numbers, bits
}

func packF16(bits []uint16, n, k int) *PanelsF16 {
	p := NewPanelsF16(n, k)
	for j := range n {
		p.SetRow(j, bits[j*k:(j+1)*k])
	}
	return p
}

// matMulF16Case wants the bits of MatMulT.
func matMulF16Case(t *testing.T, m, n, k, off int) {
	t.Helper()
	name := fmt.Sprintf("%d x %d x %d at %d", m, n, k, off)
	ldx, ldy := k+off, n+2*off
	xs, _ := guarded(t, m*ldx, off)
	random(xs, uint64(m))
	ws, bits := randomF16(n*k, uint64(n))
	y, check := guarded(t, max(0, (m-1)*ldy+n), off)
	want, _ := guarded(t, max(0, (m-1)*ldy+n), off)
	MatMulF16(y, ldy, xs, ldx, m, packF16(bits, n, k))
	check(name)
	MatMulT(want, ldy, xs, ldx, m, Pack(ws, n, k))
	if !slices.Equal(y, want) {
		t.Fatalf("%s: other numbers than MatMulT", name)
	}
}

func TestMatMulF16(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		if !useF16() && active != generic {
			t.Skip("float32 has assembly here and binary16 has none: they agree to rounding only")
		}
		for m := range 45 {
			matMulF16Case(t, m, 35, 19, m%16)
		}
		for n := range 131 {
			matMulF16Case(t, 3, n, 7, n%16)
		}
		for k := range 131 {
			matMulF16Case(t, 5, 18, k, k%16)
		}
	})
}

func TestPanelsF16Rows(t *testing.T) {
	const n, k = 70, 9
	_, bits := randomF16(n*k, 1)
	for _, r := range []struct{ lo, n int }{{0, 70}, {16, 32}, {48, 22}, {32, 0}} {
		rows, want := packF16(bits, n, k).Rows(r.lo, r.n), packF16(bits[r.lo*k:(r.lo+r.n)*k], r.n, k)
		if rows.N != want.N || rows.K != want.K || !slices.Equal(rows.Data, want.Data) {
			t.Errorf("rows %v are not those of the matrix", r)
		}
	}
}
