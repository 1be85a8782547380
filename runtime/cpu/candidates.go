package cpu

import "github.com/hrmgo/hrm/kernels"

// candidates is z = rms(z + means over the candidates of z) for a lane: the means of
// every row, column, box and cell are multiplied, and spread over the candidates again.
func (t *batch) candidates(g *group, worker, lane int) {
	c, s, w := g.grid.candidates, &t.b.scratch[worker], &t.layers[g.at.layer]
	p, n := g.grid.positions, c.Units()
	means, y, out := grow(&s.column, 2*n)[:n], grow(&s.column, 2*n)[n:], grow(&s.out, p*c.D)
	k := span{lane * p, (lane + 1) * p}
	c.Gather(means, g.state(k.lo, k.hi, c.D))
	kernels.Scale(means, 1/float32(c.Side))
	for _, u := range []struct {
		w      *weights
		lo, hi int // of four kinds of units
	}{{w.Lines, 0, 2}, {w.Box, 2, 3}, {w.Cell, 3, 4}} {
		x := s.operand(means[u.lo*n/4:u.hi*n/4], c.D, u.w)
		x.multiply(y[u.lo*n/4:u.hi*n/4], c.D, u.w, 0, c.D)
	}
	c.Spread(out, y)
	t.traceData(g, "candidates_out", out)
	t.addNorm(g, k, out)
}
