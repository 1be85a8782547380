package gpu_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
)

// convOracle is the convolution of one lane [positions, D] in float64, and its
// gradients.
func convOracle(c *runtime.Config, s runtime.Shape, x, w, dy []float64) (y, dx, dw []float64) {
	d, k, prefix := c.Hidden, c.Conv, c.Prefix()
	y, dx, dw = make([]float64, len(x)), append([]float64(nil), dy...), make([]float64, len(w))
	for r := range s.Rows {
		for col := range s.Cols {
			for tap := range k * k {
				i, j := r+tap/k-k/2, col+tap%k-k/2
				if i < 0 || j < 0 || i >= s.Rows || j >= s.Cols {
					continue
				}
				to, from := (prefix+r*s.Cols+col)*d, (prefix+i*s.Cols+j)*d
				for ch := range d {
					y[to+ch] += w[tap*d+ch] * x[from+ch]
					dx[from+ch] += w[tap*d+ch] * dy[to+ch]
					dw[tap*d+ch] += dy[to+ch] * x[from+ch]
				}
			}
		}
	}
	return y, dx, dw
}

// Lanes of different shapes, with and without a prefix, filters larger than a grid,
// channels four at a time and one by one; what lies behind a lane is read by nobody.
func TestConv(t *testing.T) {
	d := open(t)
	for _, c := range []*runtime.Config{
		{Conv: 3, Hidden: 32, SeqLen: 81, PuzzleEmbLen: 2},
		{Conv: 3, Hidden: 7, SeqLen: 30, Cols: 10},
		{Conv: 5, Hidden: 8, SeqLen: 24, Cols: 2, PuzzleEmbLen: 1},
		{Conv: 7, Hidden: 4, SeqLen: 12, Cols: 4},
		{Conv: 1, Hidden: 130, SeqLen: 9, PuzzleEmbLen: 3},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.Conv, c.Hidden), func(t *testing.T) {
			shapes := []runtime.Shape{{Rows: 1, Cols: 1}, c.Grid(), {Rows: 2, Cols: 3}, {Rows: c.SeqLen, Cols: 1}}
			p, width, r := c.P(), c.Hidden, random(uint64(c.SeqLen))
			x, dy, w := normal(r, len(shapes)*p*width), normal(r, len(shapes)*p*width), normal(r, c.Conv*c.Conv*width)
			before := normal(r, len(w))
			var wantY, wantDX []float64
			wantDW := doubles(before)
			for lane, s := range shapes {
				n, at := (c.Prefix()+s.Len())*width, lane*p*width
				y, dx, dw := convOracle(c, s, doubles(x[at:at+n]), doubles(w), doubles(dy[at:at+n]))
				wantY, wantDX = append(wantY, y...), append(wantDX, dx...)
				wantY, wantDX = append(wantY, make([]float64, p*width-n)...), append(wantDX, make([]float64, p*width-n)...)
				axpy(wantDW, 1, dw)
				for i := at + n; i < at+p*width; i++ {
					x[i], dy[i] = float32(math.NaN()), 0
				}
			}
			conv, on := gpu.NewConv(c), grids(t, d, c, shapes, c.SeqLen)
			dx, dw := upload(t, d, zeros(len(x))), upload(t, d, before)
			y, scratch := upload(t, d, zeros(len(x))), upload(t, d, zeros(5*len(w)))
			onX, onDY, onW := upload(t, d, x).view(), upload(t, d, dy).view(), upload(t, d, w).view()
			conv.Forward(d, y.view(), onX, onW, on)
			conv.Back(d, dx.view(), onDY, onW, on)
			conv.FilterBack(d, dw.view(), onDY, onX, scratch.exact(), on)
			near(t, "y", download[float32](t, d, y), wantY)
			near(t, "dx", download[float32](t, d, dx), wantDX)
			near(t, "dw", download[float32](t, d, dw), wantDW)
			download[float32](t, d, scratch)
		})
	}
}

// BenchmarkConv is the convolution of 32 mazes of 30 x 30, and its gradients.
func BenchmarkConv(b *testing.B) {
	d := open(b)
	const lanes = 32
	for _, width := range []int{64, 512} {
		c := &runtime.Config{Conv: 3, Hidden: width, SeqLen: 900}
		n := lanes * c.SeqLen * width
		a := &gpu.Arena{Device: d}
		g := gpu.NewGrids(a, c, lanes, c.SeqLen)
		x, y, w, split := a.Buffer("x", n), a.Buffer("y", n), a.Buffer("w", 9*width), a.Buffer("parts", 256*9*width)
		check(b, a.Err)
		for lane := range lanes {
			check(b, g.Set(lane, c.Grid()))
		}
		conv, on := gpu.NewConv(c), g.First(lanes)
		for name, record := range map[string]func(){
			"forward": func() { conv.Forward(d, y.All(), x.All(), w.All(), on) },
			"back":    func() { conv.Back(d, y.All(), x.All(), w.All(), on) },
			"filter":  func() { conv.FilterBack(d, w.All(), y.All(), x.All(), split.All(), on) },
		} {
			b.Run(fmt.Sprintf("%d/%s", width, name), func(b *testing.B) {
				var seconds float64
				for b.Loop() {
					s, err := d.Seconds(record)
					check(b, err)
					seconds = s
				}
				b.ReportMetric(2*9*float64(n)/seconds/1e9, "GFLOP/s")
				b.ReportMetric(2*4*float64(n)/seconds/1e9, "GB/s")
			})
		}
		a.Release()
	}
}
