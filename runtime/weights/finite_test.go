package weights

import (
	"fmt"
	"math"
	"testing"
)

// Every pattern of 16 bits, and the borders of 32, against the definition.
func TestNotFinitePatterns(t *testing.T) {
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	for _, d := range []DType{F16, BF16} {
		x := Of("x", d, all, len(all))
		w, err := x.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		want, first := 0, -1
		for i, v := range w {
			if bad := v-v != 0; bad {
				if want++; first < 0 {
					first = i
				}
			}
		}
		if n, at := x.NotFinite(); n != want || at != first {
			t.Errorf("%v: %d from %d, want %d from %d", d, n, at, want, first)
		}
	}
	for _, bits := range []uint32{0, 1, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fffffff, 0x80000000, 0xff7fffff, 0xff800000, 0xffffffff} {
		v := math.Float32frombits(bits)
		x := Of("x", F32, []float32{v}, 1)
		if n, _ := x.NotFinite(); (n == 1) != (v-v != 0) {
			t.Errorf("%08x: %d", bits, n)
		}
	}
}

// Wherever it lies, whatever is beside it.
func TestNotFinitePlaces(t *testing.T) {
	nan := float32(math.NaN())
	for _, n := range []int{1, 2, 3, 1023, 1024, 1025, 3001} {
		for _, at := range []int{0, 1, n / 2, n - 1} {
			if at >= n {
				continue
			}
			w := make([]float32, n)
			for i := range w {
				w[i] = -math.MaxFloat32
			}
			x := Of("x", F32, w, n)
			if bad, _ := x.NotFinite(); bad != 0 {
				t.Errorf("%d of %d finite numbers are none", bad, n)
			}
			w[at] = nan
			w[n-1] = nan
			x = Of("x", F32, w, n)
			want := 2
			if at == n-1 {
				want = 1
			}
			if bad, first := x.NotFinite(); bad != want || first != at {
				t.Errorf("%s: %d from %d", fmt.Sprint(n, " numbers, NaN at ", at), bad, first)
			}
		}
	}
	x := Of("x", I8, []int8{-1, 127, -128}, 3)
	if bad, _ := x.NotFinite(); bad != 0 {
		t.Error("an integer is not finite")
	}
}

func BenchmarkNotFinite(b *testing.B) {
	x := Of("x", F32, make([]float32, 1<<20), 1<<20)
	b.SetBytes(int64(len(x.Bytes)))
	for b.Loop() {
		x.NotFinite()
	}
}
