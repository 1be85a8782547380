package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// colours is the candidates of a grid of colours.
type colours struct {
	kernels.Colours
	conv kernels.Conv // of cells whose channels are those of all their candidates
}

func newColours(c *runtime.Config, s runtime.Shape) colours {
	of := kernels.Colours{Rows: s.Rows - c.Legend(s)/s.Cols, Cols: s.Cols, Symbols: runtime.NumColours, D: c.Hidden}
	return colours{of, kernels.Conv{Rows: of.Rows, Cols: of.Cols, D: of.Symbols * of.D, K: c.Conv}}
}

// newFilters returns filters of cells: those of a candidate [k*k, D], for each of them.
func newFilters(w []float32, d int) (filters []float32) {
	for ; len(w) > 0; w = w[d:] {
		for range runtime.NumColours {
			filters = append(filters, w[:d]...)
		}
	}
	return filters
}

// scratch returns how many numbers a step needs.
func (c *colours) scratch() int { return 2*c.Units() + c.Turns() }

// colours is z = rms(z + f(z)) for a lane, see runtime.ColourMeans.
func (t *batch) colours(g *group, worker, lane int) {
	c, s, w := &g.grid.colours, &t.b.scratch[worker], &t.layers[g.at.layer]
	p, n := g.grid.positions, c.Units()
	k := span{lane * p, (lane + 1) * p}
	z, buf := g.state(k.lo, k.hi, c.D), grow(&s.column, c.scratch())
	means, y, turns, out, more := buf[:n], buf[n:2*n], buf[2*n:], grow(&s.out, p*c.D), grow(&s.act, p*c.D)
	c.Gather(means, z)
	c.Average(means)
	for kind, m := range [...]*weights{w.Row, w.Column, w.Whole, w.Cell} {
		lo, hi := c.Unit(kind)
		x := s.operand(means[lo:hi], c.D, m)
		x.multiply(y[lo:hi], c.D, m, 0, c.D)
	}
	c.Spread(out, y)
	c.Turn(turns, z)
	x := s.operand(turns, kernels.NumTurns*c.D, w.Turns)
	x.multiply(more, c.D, w.Turns, 0, c.D)
	kernels.Add(out, more)
	if w.Conv != nil {
		c.conv.Forward(more, z, w.Conv.plain, 0, c.Rows*c.Cols)
		kernels.Add(out, more)
	}
	t.traceData(g, "colours_out", out)
	t.addNorm(g, k, out)
}
