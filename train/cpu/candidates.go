package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

func (d *Device) candidateMemory(a *acts, rows int, _ bool) {
	a.units = make([]float32, rows*d.config.Hidden)
}

// mixCandidates sets a.y = norm(x + means over the candidates of x).
func (w *worker) mixCandidates(l *layer, a *acts) {
	w.eachSudoku(func(c kernels.Candidates, lo, hi int) {
		means, y := a.units[lo:hi][:c.Units()], w.dWide[:c.Units()]
		c.Gather(means, a.x[lo:hi])
		kernels.Scale(means, 1/float32(c.Side))
		w.eachUnit(l, c, func(m *linear, _ []float32, lo, hi int) {
			m.forward(y[lo:hi], means[lo:hi], (hi-lo)/c.D, &w.rounding)
		}, nil)
		c.Spread(w.tmp[lo:hi], y)
	})
	w.addNorm(a, w.tmp, 0, w.rows)
}

// mixCandidatesBack goes the same way: the means of a gradient.
func (w *worker) mixCandidatesBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	n := w.rows * w.d.config.Hidden
	var rounded []kernels.BF16
	if w.bf16 != nil {
		rounded = w.bf16.dDown
	}
	w.addNormBack(dy[:n], rounded, a, 0, w.rows)
	w.eachSudoku(func(c kernels.Candidates, lo, hi int) {
		units := c.Units()
		dUnits, dMeans, means := w.dWide[:units], w.dWide[units:][:units], a.units[lo:hi]
		c.Gather(dUnits, dy[lo:hi])
		w.eachUnit(l, c, func(m *linear, dw []float32, lo, hi int) {
			m.backward(dMeans[lo:hi], dw, dUnits[lo:hi], means[lo:hi], (hi-lo)/c.D, false, &w.rounding)
		}, g)
		kernels.Scale(dMeans, 1/float32(c.Side))
		c.Spread(w.tmp[lo:hi], dMeans)
	})
	kernels.Add(dy[:n], w.tmp[:n])
}

// eachSudoku calls f with the candidates of each lane and where their numbers lie in a
// buffer [R, D].
func (w *worker) eachSudoku(f func(c kernels.Candidates, lo, hi int)) {
	d := w.d.config.Hidden
	for lane, s := range w.shapes {
		rows, cols := s.BoxSize()
		f(kernels.Candidates{Side: s.Cols, BoxRows: rows, BoxCols: cols, D: d}, w.starts[lane]*d, w.starts[lane+1]*d)
	}
}

// eachUnit calls f with each weight, its gradient (of g, unless nil), and the numbers
// of the units that it multiplies.
func (w *worker) eachUnit(l *layer, c kernels.Candidates, f func(m *linear, dw []float32, lo, hi int), g *layerGrad) {
	if g == nil {
		g = &layerGrad{Block: runtime.Block[[]float32]{}}
	}
	n := c.Units() / 4
	f(l.Lines, g.Lines, 0, 2*n)
	f(l.Box, g.Box, 2*n, 3*n)
	f(l.Cell, g.Cell, 3*n, 4*n)
}
