package cpu

import "github.com/hrmgo/hrm/kernels"

func (d *Device) convolutionMemory(*acts, int, bool) {}

// convolve sets a.y = norm(x + conv(x)), over the tokens of each lane.
func (w *worker) convolve(l *layer, a *acts) {
	w.eachGrid(func(conv kernels.Conv, lo, hi int) {
		conv.Forward(w.tmp[lo:hi], a.x[lo:hi], l.Conv.w, 0, conv.Rows*conv.Cols)
	})
	w.addNorm(a, w.tmp, 0, w.rows)
}

func (w *worker) convolveBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	n := w.rows * w.d.config.Hidden
	x := w.inputBack(a, dy)
	w.eachGrid(func(conv kernels.Conv, lo, hi int) {
		conv.FilterBack(g.Conv, dy[lo:hi], x[lo:hi])
		conv.Back(w.tmp[lo:hi], dy[lo:hi], l.Conv.w, 0, conv.Rows*conv.Cols)
	})
	kernels.Add(dy[:n], w.tmp)
}

// sumBack makes of dy, the gradient of a.y = norm(x + f(x)), that of the sum.
func (w *worker) sumBack(a *acts, dy []float32) {
	var rounded []kernels.BF16
	if w.bf16 != nil {
		rounded = w.bf16.dDown
	}
	w.addNormBack(dy[:w.rows*w.d.config.Hidden], rounded, a, 0, w.rows)
}

// inputBack is sumBack, and returns x.
func (w *worker) inputBack(a *acts, dy []float32) []float32 {
	w.sumBack(a, dy)
	if w.bf16 == nil {
		return a.x
	}
	n := w.rows * w.d.config.Hidden
	x := w.bf16.x[:n]
	kernels.ExpandBF16(x, a.x16[:n])
	return x
}

// eachGrid calls f with the grid of each lane and where the numbers of its tokens lie
// in a buffer [R, D], after the numbers of its prefix in tmp are set to zero.
func (w *worker) eachGrid(f func(conv kernels.Conv, lo, hi int)) {
	c := &w.d.config
	for lane := range w.lanes {
		begin, end := w.starts[lane]*c.Hidden, w.starts[lane+1]*c.Hidden
		lo := begin + c.Prefix()*c.Hidden
		clear(w.tmp[begin:lo])
		f(kernels.Conv{Rows: w.shapes[lane].Rows, Cols: w.shapes[lane].Cols, D: c.Hidden, K: c.Conv}, lo, end)
	}
}
