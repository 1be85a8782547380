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
	for i, m := range [...]*weights{w.Lines, w.Box, w.Cell} {
		lo, hi := c.Weight(i)
		x := s.operand(means[lo:hi], c.D, m)
		x.multiply(y[lo:hi], c.D, m, 0, c.D)
	}
	c.Spread(out, y)
	t.traceData(g, "candidates_out", out)
	t.addNorm(g, k, out)
}
