package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// randomI8 fills q with all int8 from lowest to 127.
func randomI8(q []int8, lowest int, seed uint64) []int8 {
	rng := rand.New(rand.NewPCG(seed, 2))
	for i := range q {
		q[i] = int8(lowest + rng.IntN(128-lowest))
	}
	return q
}

// packI8 lays out w [n, k] with scales 1, 2, 3, ...
func packI8(w []int8, n, k int) *PanelsI8 {
	p := NewPanelsI8(n, k)
	for j := range n {
		p.SetRow(j, w[j*k:(j+1)*k], float32(j+1))
	}
	return p
}

// rowsOf wraps q [m, k] whose bytes start off bytes into their array.
func rowsOf(q []int8, m, k, off int) *RowsI8 {
	r := &RowsI8{K: k, Data: make([]int8, off+m*strideI8(k))[off:], Scale: make([]float32, m), Shift: make([]int32, m)}
	for i := range m {
		copy(r.Data[i*strideI8(k):], q[i*k:(i+1)*k])
		r.Scale[i] = 1 / float32(int(1)<<(i%5))
		for _, v := range q[i*k : (i+1)*k] {
			r.Shift[i] -= 128 * int32(v)
		}
	}
	return r
}

// matMulI8Case multiplies and wants exactly what the equation says. Weights
// have -128 too, which a file may hold.
func matMulI8Case(t *testing.T, m, n, k, off int) {
	t.Helper()
	name := fmt.Sprintf("%d x %d x %d at %d", m, n, k, off)
	xs := randomI8(make([]int8, m*k), -127, uint64(m+k))
	ws := randomI8(make([]int8, n*k), -128, uint64(n+k))
	ldy := n + off
	y, check := guarded(t, max(0, (m-1)*ldy+n), off)
	MatMulI8(y, ldy, rowsOf(xs, m, k, off), m, packI8(ws, n, k))
	check(name)
	for i := range m {
		for j := range n {
			sum := int32(0)
			for p := range k {
				sum += int32(xs[i*k+p]) * int32(ws[j*k+p])
			}
			want := float32(sum) * (1 / float32(int(1)<<(i%5))) * float32(j+1)
			if got := y[i*ldy+j]; got != want {
				t.Fatalf("%s: [%d, %d] is %v, want %v", name, i, j, got, want)
			}
		}
		for j := i*ldy + n; i < m-1 && j < (i+1)*ldy; j++ {
			if y[j] != guard {
				t.Fatalf("%s: wrote between rows %d and %d", name, i, i+1)
			}
		}
	}
}

func TestMatMulI8(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for m := range 45 { // every remainder of every tile
			matMulI8Case(t, m, 35, 19, m%16)
		}
		for n := range 131 {
			matMulI8Case(t, 3, n, 7, n%16)
		}
		for k := range 131 {
			matMulI8Case(t, 5, 18, k, k%16)
		}
		for off := range 16 {
			matMulI8Case(t, 17, 33, 82, off)
		}
		step := 1
		if testing.Short() {
			step = 9
		}
		for m := 0; m < 131; m += step { // AMX: whole tiles of k, blocks of rows and pairs of panels
			matMulI8Case(t, m, 70+m%16, 192, m%16)
		}
	})
}

// The largest sums: nothing saturates, up to the documented K.
func TestMatMulI8Extremes(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, k := range []int{4, 1536, 1 << 17} {
			for _, w := range []int8{-128, 127} {
				for _, x := range []int8{-127, 127} {
					y := make([]float32, 2)
					xs, ws := slices.Repeat([]int8{x}, 2*k), slices.Repeat([]int8{w}, k)
					MatMulI8(y, 1, rowsOf(xs, 2, k, 0), 2, packI8(ws, 1, k))
					want := float32(int32(x) * int32(w) * int32(k))
					if y[0] != want || y[1] != want/2 {
						t.Errorf("%d times %d * %d is %v, want %v and half", k, x, w, y, want)
					}
				}
			}
		}
	})
}

func TestPanelsI8Rows(t *testing.T) {
	const m, n, k = 3, 70, 10
	xs, ws := rowsOf(randomI8(make([]int8, m*k), -127, 1), m, k, 0), randomI8(make([]int8, n*k), -128, 2)
	all := make([]float32, m*n)
	p := packI8(ws, n, k)
	MatMulI8(all, n, xs, m, p)
	for _, r := range []struct{ lo, n int }{{0, 70}, {16, 32}, {48, 22}, {32, 0}} {
		rows, y := p.Rows(r.lo, r.n), make([]float32, m*n)
		MatMulI8(y, n, xs, m, &rows)
		for i := range m {
			if !slices.Equal(y[i*n:i*n+r.n], all[i*n+r.lo:i*n+r.lo+r.n]) {
				t.Fatalf("rows %v of %d differ", r, i)
			}
		}
	}
}

// quantizeCase compares with the equation in float32.
func quantizeCase(t *testing.T, x []float32, off int) {
	t.Helper()
	k := len(x)
	name := fmt.Sprintf("%d numbers at %d", k, off)
	all := slices.Repeat([]int8{-128}, off+strideI8(k)+32)
	r := &RowsI8{Data: all[off : off+strideI8(k)], Scale: []float32{-1}, Shift: []int32{-1}}
	r.Quantize(x, k, 1, k)
	var largest float32
	for _, v := range x {
		largest = max(largest, float32(math.Abs(float64(v))))
	}
	sum := int32(0)
	for i, v := range x {
		want := int8(0)
		if largest > 0 {
			want = int8(math.RoundToEven(float64(v * (127 / largest))))
		}
		if r.Data[i] != want {
			t.Fatalf("%s: %v of %v is %d, want %d", name, v, largest, r.Data[i], want)
		}
		sum += int32(want)
	}
	if r.Scale[0] != largest/127 || r.Shift[0] != -128*sum || r.K != k {
		t.Fatalf("%s: scale %v, shift %d, want %v, %d", name, r.Scale[0], r.Shift[0], largest/127, -128*sum)
	}
	for i := range all {
		if inside := i >= off && i < off+paddedI8(k); !inside && all[i] != -128 || inside && i >= off+k && all[i] != 0 {
			t.Fatalf("%s: byte %d is %d", name, i-off, all[i])
		}
	}
}

func TestQuantize(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for k := range 131 {
			for off := range 16 {
				x := random(make([]float32, k+off), uint64(k*16+off))[off:]
				quantizeCase(t, x, off)
			}
		}
		ties := make([]float32, 255)
		for i := range ties {
			ties[i] = float32(i-127) + 0.5
		}
		ties[254] = 127
		quantizeCase(t, ties, 0)
		quantizeCase(t, make([]float32, 50), 1)
		quantizeCase(t, []float32{1e-36, -5e-37}, 1)
		quantizeCase(t, []float32{math.MaxFloat32, -1e38, 3}, 1)
	})
}

// Many rows at once, with rows among them that have no scale.
func TestQuantizeRows(t *testing.T) {
	const m, k, ldx = 9, 48, 51
	x := random(make([]float32, m*ldx), 5)
	clear(x[2*ldx : 3*ldx])
	x[4*ldx+7] = float32(math.NaN())
	x[8*ldx+40] = float32(math.Inf(1))
	eachImplementation(t, func(t *testing.T) {
		r := NewRowsI8(m, k)
		r.Quantize(x, ldx, m, k)
		for i := range m {
			one := NewRowsI8(1, k)
			one.Scale[0], one.Shift[0] = quantizeRow(one.Data[:k], x[i*ldx:i*ldx+k])
			row := r.Rows(i, 1)
			same := math.Float32bits(row.Scale[0]) == math.Float32bits(one.Scale[0]) && row.Shift[0] == one.Shift[0]
			if !same || !slices.Equal(row.Data[:k], one.Data[:k]) {
				t.Errorf("row %d: %v %v %v, alone %v %v %v", i, row.Scale, row.Shift, row.Data[:k], one.Scale, one.Shift, one.Data[:k])
			}
		}
	})
}

func TestQuantizeWhatHasNoScale(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for _, at := range []int{0, 20, 33} {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				x := random(make([]float32, 34), 1)
				x[at] = float32(v)
				r := NewRowsI8(1, 34)
				r.Quantize(x, 34, 1, 34)
				if s := float64(r.Scale[0]); !math.IsNaN(s) || slices.Max(r.Data) != 0 || slices.Min(r.Data) != 0 {
					t.Errorf("%v at %d: scale %v, %v", v, at, s, r.Data)
				}
			}
		}
		r := NewRowsI8(1, 34)
		r.Quantize(slices.Repeat([]float32{1e-37}, 34), 34, 1, 34)
		if r.Scale[0] != 0 || slices.Max(r.Data) != 0 {
			t.Errorf("1e-37: scale %v, %v", r.Scale[0], r.Data)
		}
	})
}

// What int8 makes of a float32 product keeps the documented bound.
func TestMatMulI8Bound(t *testing.T) {
	const m, n, k = 5, 20, 512
	x, w := random(make([]float32, m*k), 1), random(make([]float32, n*k), 2)
	eachImplementation(t, func(t *testing.T) {
		rows, cols := NewRowsI8(m, k), NewRowsI8(n, k)
		rows.Quantize(x, k, m, k)
		cols.Quantize(w, k, n, k)
		p := NewPanelsI8(n, k)
		for j := range n {
			p.SetRow(j, cols.Data[j*strideI8(k):][:k], cols.Scale[j])
		}
		y := make([]float32, m*n)
		MatMulI8(y, n, rows, m, p)
		for i := range y {
			dx, dw := float64(rows.Scale[i/n])/2, float64(cols.Scale[i%n])/2
			sum, bound := 0.0, 1e-4 // of float32 rounding
			for a := range k {
				u, v := float64(x[i/n*k+a]), float64(w[i%n*k+a])
				sum += u * v
				bound += math.Abs(u)*dw + math.Abs(v)*dx + dx*dw
			}
			within(t, "y", y[i:], []float64{sum}, bound, 1)
		}
	})
}

// A matrix laid out for kernels that are no longer in use is refused.
func TestPanelsOfOtherKernels(t *testing.T) {
	defer Use(string(active))
	if err := Use("generic"); err != nil {
		t.Fatal(err)
	}
	w := NewPanelsI8(16, 4)
	for _, name := range Implementations() {
		if err := Use(name); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if failed := recover() != nil; failed != (flipI8() != 0) {
					t.Errorf("%s: panic %v", name, failed)
				}
			}()
			MatMulI8(make([]float32, 16), 16, NewRowsI8(1, 4), 1, w)
		}()
	}
}

// The matrices of the full-size model, a chunk of rows at a time, as
// BenchmarkMatMulT; and what quantising the rows adds.
func BenchmarkMatMulI8(b *testing.B) {
	for _, size := range []struct{ m, n, k int }{{1, 1536, 512}, {41, 1536, 512}, {82, 256, 512}, {82, 512, 1536}, {328, 256, 512}, {328, 512, 512}, {328, 512, 1536}, {656, 256, 512}} {
		for _, impl := range Implementations() {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", size.m, size.n, size.k, impl), func(b *testing.B) {
				defer Use(string(active))
				Use(impl)
				w := packI8(randomI8(make([]int8, size.n*size.k), -127, 1), size.n, size.k)
				x, y := random(make([]float32, size.m*size.k), 2), make([]float32, size.m*size.n)
				r := NewRowsI8(size.m, size.k)
				best, quantize := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
				for b.Loop() {
					start := time.Now()
					r.Quantize(x, size.k, size.m, size.k)
					middle := time.Now()
					MatMulI8(y, size.n, r, size.m, w)
					best = min(best, time.Since(middle))
					quantize = min(quantize, middle.Sub(start))
				}
				b.ReportMetric(2*float64(size.m*size.n*size.k)/float64(best.Nanoseconds()), "best-GOP/s")
				b.ReportMetric(float64(quantize.Microseconds()), "quantize-us")
			})
		}
	}
}
