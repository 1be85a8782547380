package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

func TestPanels(t *testing.T) { eachImplementation(t, testPanels) }

func testPanels(t *testing.T) {
	for _, n := range []int{1, 7, 16, 17, 33} {
		for _, k := range []int{1, 5, 32} {
			w := random(make([]float32, n*k), 1)
			p := Pack(w, n, k)
			transposed := make([]float32, n*k)
			for j := range n {
				for i := range k {
					transposed[i*n+j] = w[j*k+i]
					if got := p.Data[(j/16*k+i)*16+j%16]; got != w[j*k+i] {
						t.Fatalf("%d x %d: [%d, %d] is %v, want %v", n, k, j, i, got, w[j*k+i])
					}
				}
			}
			if q := PackT(transposed, k, n); !slices.Equal(p.Data, q.Data) {
				t.Fatalf("%d x %d: PackT differs from Pack", n, k)
			}
		}
	}
}

func TestPanelsRows(t *testing.T) {
	const n, k = 70, 9
	w := random(make([]float32, n*k), 1)
	for _, r := range []struct{ lo, n int }{{0, 70}, {0, 16}, {16, 32}, {48, 22}, {64, 6}, {32, 0}} {
		rows := Pack(w, n, k).Rows(r.lo, r.n)
		if want := Pack(w[r.lo*k:(r.lo+r.n)*k], r.n, k); rows.N != r.n || rows.K != k || len(rows.Data) != len(want.Data) {
			t.Fatalf("rows %v: %d x %d, %d numbers", r, rows.N, rows.K, len(rows.Data))
		}
		x, y, want := random(make([]float32, 3*k), 2), make([]float32, 3*n), make([]float32, 3*n)
		MatMulT(y, n, x, k, 3, &rows)
		MatMulT(want, n, x, k, 3, Pack(w[r.lo*k:(r.lo+r.n)*k], r.n, k))
		if !slices.Equal(y, want) {
			t.Fatalf("rows %v give %v, want %v", r, y, want)
		}
	}
	for _, r := range []struct{ lo, n int }{{8, 16}, {64, 7}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("rows %v: no panic", r)
				}
			}()
			Pack(w, n, k).Rows(r.lo, r.n)
		}()
	}
}

// matMulCase multiplies random matrices and compares with float64. The bound
// is that of a sum of k products in one accumulator.
func matMulCase(t *testing.T, m, n, k, off int) {
	t.Helper()
	name := fmt.Sprintf("%d x %d x %d at %d", m, n, k, off)
	ldx, ldy := k+off, n+2*off
	xs, _ := guarded(t, m*ldx, off)
	random(xs, uint64(m))
	ws := random(make([]float32, n*k), uint64(n))
	y, check := guarded(t, max(0, (m-1)*ldy+n), off)
	MatMulT(y, ldy, xs, ldx, m, Pack(ws, n, k))
	check(name)
	added, checkAdded := guarded(t, len(y), off)
	for i := range m {
		for j := range n {
			added[i*ldy+j] = 3
		}
	}
	AddMatMulT(added, ldy, xs, ldx, m, Pack(ws, n, k))
	checkAdded(name)
	for i := range m {
		for j := range n {
			sum, size := 0.0, 0.0
			for p := range k {
				v := float64(xs[i*ldx+p]) * float64(ws[j*k+p])
				sum += v
				size += math.Abs(v)
			}
			within(t, name, y[i*ldy+j:], []float64{sum}, 1e-6, size+1e-6)
			within(t, name+", added", added[i*ldy+j:], []float64{sum + 3}, 1e-6, size+3)
		}
		for j := i*ldy + n; i < m-1 && j < (i+1)*ldy; j++ {
			if y[j] != guard || added[j] != guard {
				t.Fatalf("%s: wrote between rows %d and %d", name, i, i+1)
			}
		}
	}
}

func TestMatMulT(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for m := range 45 { // every remainder of every tile
			matMulCase(t, m, 35, 19, m%3)
		}
		for n := range 131 {
			matMulCase(t, 3, n, 7, n%4)
		}
		for k := range 131 {
			matMulCase(t, 5, 18, k, k%2)
		}
		matMulCase(t, 29, 64, 1536, 1)
	})
}

// A row's bits depend neither on the rows around it nor on where the columns
// of w lie.
func TestMatMulTSameBitsAnywhere(t *testing.T) {
	const m, n, k = 43, 70, 300
	eachImplementation(t, func(t *testing.T) {
		x, ws := random(make([]float32, m*k), 1), random(make([]float32, n*k), 2)
		w := Pack(ws, n, k)
		y := make([]float32, m*n)
		MatMulT(y, n, x, k, m, w)
		for lo := range m {
			for _, rows := range []int{1, 2, 5, 13, 20} {
				rows = min(rows, m-lo)
				part := make([]float32, rows*n)
				MatMulT(part, n, x[lo*k:], k, rows, w)
				if !slices.Equal(part, y[lo*n:(lo+rows)*n]) {
					t.Fatalf("rows %d..%d alone give other bits", lo, lo+rows-1)
				}
			}
		}
		for lo := range n {
			part := make([]float32, m)
			MatMulT(part, 1, x, k, m, Pack(ws[lo*k:], 1, k))
			for i := range m {
				if part[i] != y[i*n+lo] {
					t.Fatalf("column %d alone gives other bits", lo)
				}
			}
		}
	})
}

// The matrices of the full-size model, a chunk of rows at a time.
func BenchmarkMatMulT(b *testing.B) {
	for _, size := range []struct{ m, n, k int }{{42, 1536, 512}, {42, 512, 512}, {42, 3072, 512}, {42, 512, 1536}, {1, 1536, 512}} {
		for _, impl := range Implementations() {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", size.m, size.n, size.k, impl), func(b *testing.B) {
				defer Use(string(active))
				Use(impl)
				w := Pack(random(make([]float32, size.n*size.k), 1), size.n, size.k)
				x, y := random(make([]float32, size.m*size.k), 2), make([]float32, size.m*size.n)
				best := time.Duration(math.MaxInt64) // the mean tells what else the machine did
				for b.Loop() {
					start := time.Now()
					MatMulT(y, size.n, x, size.k, size.m, w)
					best = min(best, time.Since(start))
				}
				b.ReportMetric(2*float64(size.m*size.n*size.k)/float64(best.Nanoseconds()), "best-GFLOP/s")
			})
		}
	}
}
