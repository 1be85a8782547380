package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

func (d *Device) candidateMemory(*acts, int, bool) {}

// candidateLane is the candidates of a lane: the units and places that they lie in, and
// where its numbers are in a buffer [R, D].
type candidateLane struct {
	units  *kernels.Units
	turns  kernels.Turns // with runtime.ColourMeans
	conv   kernels.Conv  // the same: of cells that have the channels of all their colours
	lo, hi int
}

// candidateScratch is a worker's memory for the candidates of one lane.
type candidateScratch struct {
	units             map[runtime.Shape]*kernels.Units
	means, dMeans, y  []float32 // of units
	turned, dTurned   []float32
	filters, dFilters []float32 // of cells: those of a candidate, for each of them
	more              []float32 // [P, D]
}

// mixCandidates sets a.y = norm(x + f(x)), see runtime.CandidateMeans.
func (w *worker) mixCandidates(l *layer, a *acts) {
	w.eachLane(func(c *candidateLane) { w.means(c, l, a.x[c.lo:c.hi]) })
	w.addNorm(a, w.tmp, 0, w.rows)
}

func (w *worker) mixCandidatesBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	x := w.inputBack(a, dy)
	w.eachLane(func(c *candidateLane) {
		w.meansBack(c, l, g, x[c.lo:c.hi], dy[c.lo:c.hi])
	})
	kernels.Add(dy[:w.rows*w.d.config.Hidden], w.tmp)
}

// means sets w.tmp, for each candidate of a lane x, to the sum of its four units' means,
// each kind multiplied by its matrix.
func (w *worker) means(c *candidateLane, l *layer, x []float32) {
	s := &w.candidate
	c.units.Gather(s.means, x)
	c.units.Average(s.means)
	for kind, m := range l.Units(w.d.config.Mixing) {
		lo, hi := c.units.Kind(kind)
		m.forward(s.y[lo:hi], s.means[lo:hi], (hi-lo)/m.k, &w.rounding)
	}
	c.units.Spread(w.tmp[c.lo:c.hi], s.y)
}

// meansBack adds to the gradients of the matrices, and sets w.tmp to that of x.
func (w *worker) meansBack(c *candidateLane, l *layer, g *layerGrad, x, dy []float32) {
	s, mixing := &w.candidate, w.d.config.Mixing
	c.units.Gather(s.means, x)
	c.units.Average(s.means)
	dUnits, dMeans := s.y, s.dMeans
	c.units.Gather(dUnits, dy)
	grad := g.Units(mixing)
	for kind, m := range l.Units(mixing) {
		lo, hi := c.units.Kind(kind)
		m.backward(dMeans[lo:hi], grad[kind], dUnits[lo:hi], s.means[lo:hi], (hi-lo)/m.k, false, &w.rounding)
	}
	c.units.Average(dMeans)
	c.units.Spread(w.tmp[c.lo:c.hi], dMeans)
}

// mixColours sets a.y = norm(x + f(x)), see runtime.ColourMeans.
func (w *worker) mixColours(l *layer, a *acts) {
	w.setFilters(l)
	w.eachLane(func(c *candidateLane) {
		s, x, out := &w.candidate, a.x[c.lo:c.hi], w.tmp[c.lo:c.hi]
		w.means(c, l, x)
		c.turns.Turn(s.turned, x)
		l.Turns.forward(s.more, s.turned, len(s.turned)/l.Turns.k, &w.rounding)
		kernels.Add(out, s.more)
		if l.Conv != nil {
			c.conv.Forward(s.more, x, s.filters, 0, c.units.Cells)
			kernels.Add(out, s.more)
		}
	})
	w.addNorm(a, w.tmp, 0, w.rows)
}

func (w *worker) mixColoursBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	w.setFilters(l)
	x := w.inputBack(a, dy)
	w.eachLane(func(c *candidateLane) {
		s, x, dy, dx := &w.candidate, x[c.lo:c.hi], dy[c.lo:c.hi], w.tmp[c.lo:c.hi]
		w.meansBack(c, l, g, x, dy)
		c.turns.Turn(s.turned, x)
		l.Turns.backward(s.dTurned, g.Turns, dy, s.turned, len(s.turned)/l.Turns.k, false, &w.rounding)
		c.turns.Back(dx, s.dTurned)
		if l.Conv != nil {
			clear(s.dFilters)
			c.conv.FilterBack(s.dFilters, dy, x)
			kernels.RepeatBack(g.Conv, s.dFilters, c.units.D, c.units.Symbols)
			c.conv.Back(s.more, dy, s.filters, 0, c.units.Cells)
			kernels.Add(dx, s.more)
		}
	})
	kernels.Add(dy[:w.rows*w.d.config.Hidden], w.tmp)
}

// setFilters sets the filters of cells.
func (w *worker) setFilters(l *layer) {
	if l.Conv == nil {
		return
	}
	s, n := &w.candidate, len(l.Conv.w)*runtime.NumColours
	s.filters, s.dFilters = reuse.Grow(&s.filters, n), reuse.Grow(&s.dFilters, n)
	kernels.Repeat(s.filters, l.Conv.w, w.d.config.Hidden, runtime.NumColours)
}

// eachLane calls f with the candidates of each lane, and memory for them.
func (w *worker) eachLane(f func(c *candidateLane)) {
	config, s := &w.d.config, &w.candidate
	d := config.Hidden
	for lane, shape := range w.shapes {
		c := candidateLane{lo: w.starts[lane] * d, hi: w.starts[lane+1] * d}
		rows := shape.Rows - config.Legend(shape)/shape.Cols
		c.units = reuse.Remembered(&s.units, shape, func() *kernels.Units {
			if config.Mixing == runtime.ColourMixing {
				return kernels.ColourUnits(rows, shape.Cols, runtime.NumColours, d)
			}
			boxRows, boxCols := shape.BoxSize()
			return kernels.SudokuUnits(shape.Cols, boxRows, boxCols, d)
		})
		s.means, s.dMeans, s.y = reuse.Grow(&s.means, c.units.Len()), reuse.Grow(&s.dMeans, c.units.Len()), reuse.Grow(&s.y, c.units.Len())
		if config.Mixing == runtime.ColourMixing {
			c.turns = kernels.Turns{Rows: rows, Cols: shape.Cols, Symbols: runtime.NumColours, D: d}
			c.conv = kernels.Conv{Rows: rows, Cols: shape.Cols, D: runtime.NumColours * d, K: config.Conv}
			s.turned, s.dTurned, s.more = reuse.Grow(&s.turned, c.turns.Len()), reuse.Grow(&s.dTurned, c.turns.Len()), reuse.Grow(&s.more, c.hi-c.lo)
		}
		f(&c)
	}
}
