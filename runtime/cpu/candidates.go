package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// candidates is z = rms(z + means over the candidates of z) for a lane.
func (t *batch) candidates(g *group, worker, lane int) {
	k, out := t.means(g, worker, lane)
	t.traceData(g, "candidates_out", out)
	t.addNorm(g, k, out)
}

// means returns the rows of a lane, and for each the sum of its four units' means, each
// kind multiplied by its matrix [D, D].
func (t *batch) means(g *group, worker, lane int) (k span, out []float32) {
	u, s, p := g.grid.units, &t.b.scratch[worker], g.grid.positions
	k = span{lane * p, (lane + 1) * p}
	buf := reuse.Grow(&s.column, 2*u.Len())
	means, y := buf[:u.Len()], buf[u.Len():]
	u.Gather(means, g.state(k.lo, k.hi, u.D))
	u.Average(means)
	for kind, m := range t.layers[g.at.layer].Units(t.b.model.Config.Mixing) {
		lo, hi := u.Kind(kind)
		x := s.operand(means[lo:hi], u.D, m)
		x.multiply(y[lo:hi], u.D, m, 0, u.D)
	}
	out = reuse.Grow(&s.out, p*u.D)
	u.Spread(out, y)
	return k, out
}

// colours is z = rms(z + f(z)) for a lane, see runtime.ColourMeans.
func (t *batch) colours(g *group, worker, lane int) {
	s, w := &t.b.scratch[worker], &t.layers[g.at.layer]
	k, out := t.means(g, worker, lane)
	z, turned, more := g.state(k.lo, k.hi, g.grid.units.D), reuse.Grow(&s.column, g.grid.turns.Len()), reuse.Grow(&s.act, len(out))
	g.grid.turns.Turn(turned, z)
	x := s.operand(turned, runtime.NumTurns*g.grid.units.D, w.Turns)
	x.multiply(more, g.grid.units.D, w.Turns, 0, g.grid.units.D)
	kernels.Add(out, more)
	if w.Conv != nil {
		g.grid.conv.Forward(more, z, w.Conv.plain, 0, g.grid.units.Cells)
		kernels.Add(out, more)
	}
	t.traceData(g, "colours_out", out)
	t.addNorm(g, k, out)
}
