package cpu

import "github.com/hrmgo/hrm/kernels"

func (d *Device) candidateMemory(a *acts, rows int, _ bool) {
	a.units = make([]float32, rows*d.config.Hidden)
}

// mixCandidates sets a.y = norm(x + means over the candidates of x).
func (w *worker) mixCandidates(l *layer, a *acts) {
	w.eachSudoku(func(c kernels.Candidates, lo, hi int) {
		means, y := a.units[lo:hi][:c.Units()], w.dWide[:c.Units()]
		c.Gather(means, a.x[lo:hi])
		kernels.Scale(means, 1/float32(c.Side))
		for i, m := range []*linear{l.Lines, l.Box, l.Cell} {
			lo, hi := c.Weight(i)
			m.forward(y[lo:hi], means[lo:hi], (hi-lo)/c.D, &w.rounding)
		}
		c.Spread(w.tmp[lo:hi], y)
	})
	w.addNorm(a, w.tmp, 0, w.rows)
}

// mixCandidatesBack goes the same way: the means of a gradient.
func (w *worker) mixCandidatesBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	n := w.rows * w.d.config.Hidden
	w.sumBack(a, dy)
	w.eachSudoku(func(c kernels.Candidates, lo, hi int) {
		units := c.Units()
		dUnits, dMeans, means := w.dWide[:units], w.dWide[units:][:units], a.units[lo:hi]
		c.Gather(dUnits, dy[lo:hi])
		dw := [][]float32{g.Lines, g.Box, g.Cell}
		for i, m := range []*linear{l.Lines, l.Box, l.Cell} {
			lo, hi := c.Weight(i)
			m.backward(dMeans[lo:hi], dw[i], dUnits[lo:hi], means[lo:hi], (hi-lo)/c.D, false, &w.rounding)
		}
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
