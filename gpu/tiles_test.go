package gpu_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hrmgo/hrm/gpu"
)

// tiles are the ways to cut a matrix product that TestTiles checks and
// TestTileSpeed compares.
var tiles = []gpu.Tile{
	{64, 64, 4, 4, 16, true, false}, {64, 64, 4, 8, 16, true, false}, {128, 128, 8, 8, 8, true, false}, {64, 64, 8, 8, 8, true, false}, // chosen by shape
	{128, 64, 8, 8, 16, true, false}, {128, 128, 8, 8, 16, true, false}, // or, with the last, by Tune
	{128, 64, 8, 8, 8, true, false}, {128, 128, 8, 8, 8, false, false}, {128, 128, 8, 8, 16, false, false}, {128, 128, 16, 8, 8, true, false}, {256, 128, 16, 8, 8, true, false},
}

// TestTiles checks every tile with both operands either way, read four numbers
// at a time and one by one.
func TestTiles(t *testing.T) {
	d := open(t)
	some := tiles[:4]
	if long() {
		some = tiles // compiling them takes a processor minutes
	}
	for _, tile := range some {
		for _, s := range [][3]int{{132, 196, 20}, {257, 129, 33}} {
			m, n, k := s[0], s[1], s[2]
			r := random(uint64(m))
			a, b, c := normal(r, m*k), normal(r, n*k), normal(r, m*n)
			want := product(doubles(a), doubles(b), m, n, k)
			for i := range want {
				want[i] += float64(c[i])
			}
			for mode := range 4 {
				t.Run(fmt.Sprintf("%+v/%dx%dx%d/%02b", tile, m, n, k, mode), func(t *testing.T) {
					dc := upload(t, d, c)
					d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: matrix(t, d, a, m, k, mode&1 != 0), B: matrix(t, d, b, n, k, mode&2 != 0), C: dc.view(), CStride: n, Add: true, Tile: tile})
					near(t, "c", download[float32](t, d, dc), want)
				})
			}
		}
	}
}

// A tuned device computes the same, bit for bit.
func TestTune(t *testing.T) {
	d := fresh(t)
	const m, n, k = 260, 256, 320
	r := random(9)
	a, b := normal(r, m*k), normal(r, n*k)
	c := upload(t, d, zeros(m*n))
	record := func() error {
		d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: matrix(t, d, a, m, k, false), B: matrix(t, d, b, n, k, true), C: c.view(), CStride: n})
		return nil
	}
	check(t, record())
	before := download[float32](t, d, c)
	check(t, d.Tune(record))
	check(t, gpu.Write(c.b, 0, zeros(m*n)))
	check(t, record())
	if after := download[float32](t, d, c); !slices.Equal(before, after) {
		t.Errorf("the tuned product is off by NMSE %.3g", nmse(after, doubles(before)))
	}
}

// TestTileSpeed compares the tiles on the products of training and inference:
// it prints a table, and fails nothing. HRM_TILES=1 runs it.
func TestTileSpeed(t *testing.T) {
	if os.Getenv("HRM_TILES") == "" {
		t.Skip("a measurement: HRM_TILES=1 runs it")
	}
	d := open(t)
	peak, err := d.PeakF32(time.Second / 2)
	check(t, err)
	t.Logf("%s: peak %.1f TFLOP/s", d.Name(), peak/1e12)
	const rows = 768 * 81
	shapes := [][3]int{
		{rows, 384, 128}, {rows, 128, 128}, {rows, 128, 256}, {rows, 1536, 256}, {rows, 256, 768},
		{256 * 82, 3072, 512}, {256 * 82, 512, 1536}, {32 * 82, 1536, 512}, {32 * 82, 512, 1536}, {82, 3072, 512},
	}
	grads := [][2]int{{128, 128}, {512, 128}, {128, 256}, {1536, 256}}
	if os.Getenv("HRM_TILES") == "small" {
		shapes, grads = [][3]int{{500, 384, 128}}, grads[:1]
	}
	a := gpu.Arena{Device: d}
	defer a.Release()
	x, w, y := a.Buffer("x", rows*1536), a.Buffer("w", 3072*1536), a.Buffer("y", rows*1536)
	check(t, a.Err)
	rate := func(tile gpu.Tile, m, n, k int, record func()) {
		start := time.Now()
		seconds, err := d.Seconds(record)
		check(t, err)
		fmt.Printf("%-24s %6d x %4d x %5d  %8.3f ms  %6.2f TFLOP/s  %5.1f %%  (%.1f s)\n", fmt.Sprint(tile), m, n, k,
			1e3*seconds, 2e-12*float64(m)*float64(n)*float64(k)/seconds, 100*2*float64(m)*float64(n)*float64(k)/seconds/peak, time.Since(start).Seconds())
	}
	for _, tile := range tiles {
		fmt.Println("x . w^T")
		for _, s := range shapes {
			m, n, k := s[0], s[1], s[2]
			p := gpu.Linear(y, x, gpu.Operand{View: w.All(), Stride: k}, m, n)
			p.Tile = tile
			rate(tile, m, n, k, func() { d.MatMul(p) })
		}
		fmt.Println("dy . w")
		for _, s := range shapes[:5] {
			m, n, k := s[0], s[2], s[1]
			p := gpu.Linear(y, x, gpu.Operand{View: w.All(), Stride: n, KMajor: true}, m, n)
			p.A.Stride, p.K, p.Tile = k, k, tile
			rate(tile, m, n, k, func() { d.MatMul(p) })
		}
		fmt.Println("dy^T . x, summed in parts")
		for _, g := range grads {
			p := gpu.MatMul{M: g[0], N: g[1], K: rows, CStride: g[1], C: w.All(), Tile: tile,
				A: gpu.Operand{View: x.All(), Stride: g[0], KMajor: true}, B: gpu.Operand{View: x.View(rows*256, rows*g[1]), Stride: g[1], KMajor: true}}
			rate(tile, g[0], g[1], rows, func() { d.MatMulSplit(p, y.View(0, 16<<20)) })
		}
	}
}
