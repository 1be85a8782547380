package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

func (d *Device) colourMemory(*acts, int, bool) {}

// colourScratch is a worker's memory for the candidates of one lane.
type colourScratch struct {
	means, y, dMeans  []float32 // units
	turns, dTurns     []float32
	filters, dFilters []float32 // of cells: those of a candidate, for each of them
	more              []float32 // [P, D]
}

// colourLane is the candidates of a lane's grid, and where their numbers lie in a buffer [R, D].
type colourLane struct {
	kernels.Colours
	conv   kernels.Conv
	lo, hi int
}

// mixColours sets a.y = norm(x + f(x)), see runtime.ColourMeans.
func (w *worker) mixColours(l *layer, a *acts) {
	w.eachColours(l, func(c *colourLane, s *colourScratch) {
		x, out := a.x[c.lo:c.hi], w.tmp[c.lo:c.hi]
		c.Gather(s.means, x)
		c.Average(s.means)
		for kind, m := range []*linear{l.Row, l.Column, l.Whole, l.Cell} {
			lo, hi := c.Unit(kind)
			m.forward(s.y[lo:hi], s.means[lo:hi], (hi-lo)/c.D, &w.rounding)
		}
		c.Spread(out, s.y)
		c.Turn(s.turns, x)
		l.Turns.forward(s.more, s.turns, len(x)/c.D, &w.rounding)
		kernels.Add(out, s.more)
		if l.Conv != nil {
			c.conv.Forward(s.more, x, s.filters, 0, c.Rows*c.Cols)
			kernels.Add(out, s.more)
		}
	})
	w.addNorm(a, w.tmp, 0, w.rows)
}

func (w *worker) mixColoursBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	n := w.rows * w.d.config.Hidden
	x := w.inputBack(a, dy)
	w.eachColours(l, func(c *colourLane, s *colourScratch) {
		x, dy, dx := x[c.lo:c.hi], dy[c.lo:c.hi], w.tmp[c.lo:c.hi]
		c.Gather(s.means, x)
		c.Average(s.means)
		c.Gather(s.y, dy)
		dw := [][]float32{g.Row, g.Column, g.Whole, g.Cell}
		for kind, m := range []*linear{l.Row, l.Column, l.Whole, l.Cell} {
			lo, hi := c.Unit(kind)
			m.backward(s.dMeans[lo:hi], dw[kind], s.y[lo:hi], s.means[lo:hi], (hi-lo)/c.D, false, &w.rounding)
		}
		c.Average(s.dMeans)
		c.Spread(dx, s.dMeans)
		c.Turn(s.turns, x)
		l.Turns.backward(s.dTurns, g.Turns, dy, s.turns, len(x)/c.D, false, &w.rounding)
		c.TurnBack(dx, s.dTurns)
		if l.Conv != nil {
			clear(s.dFilters)
			c.conv.FilterBack(s.dFilters, dy, x)
			addFilters(g.Conv, s.dFilters, c.D)
			c.conv.Back(s.more, dy, s.filters, 0, c.Rows*c.Cols)
			kernels.Add(dx, s.more)
		}
	})
	kernels.Add(dy[:n], w.tmp[:n])
}

// eachColours calls f with the candidates of each lane and memory for them.
func (w *worker) eachColours(l *layer, f func(c *colourLane, s *colourScratch)) {
	config, s := &w.d.config, &w.colours
	d := config.Hidden
	if l.Conv != nil {
		n := len(l.Conv.w) * runtime.NumColours
		s.filters, s.dFilters = grow(&s.filters, n), grow(&s.dFilters, n)
		setFilters(s.filters, l.Conv.w, d)
	}
	for lane, shape := range w.shapes {
		of := kernels.Colours{Rows: shape.Rows - config.Legend(shape)/shape.Cols, Cols: shape.Cols, Symbols: runtime.NumColours, D: d}
		c := colourLane{of, kernels.Conv{Rows: of.Rows, Cols: of.Cols, D: of.Symbols * d, K: config.Conv}, w.starts[lane] * d, w.starts[lane+1] * d}
		for _, buf := range []*[]float32{&s.means, &s.y, &s.dMeans} {
			*buf = grow(buf, of.Units())
		}
		s.turns, s.dTurns, s.more = grow(&s.turns, of.Turns()), grow(&s.dTurns, of.Turns()), grow(&s.more, c.hi-c.lo)
		f(&c, s)
	}
}

// setFilters sets filters of cells to those of a candidate, w [k*k, D], for each.
func setFilters(filters, w []float32, d int) {
	for ; len(w) > 0; w = w[d:] {
		for range runtime.NumColours {
			copy(filters, w[:d])
			filters = filters[d:]
		}
	}
}

// addFilters adds to dw [k*k, D] the gradient of the filters of cells.
func addFilters(dw, dFilters []float32, d int) {
	for ; len(dw) > 0; dw = dw[d:] {
		for range runtime.NumColours {
			kernels.Add(dw[:d], dFilters[:d])
			dFilters = dFilters[d:]
		}
	}
}
