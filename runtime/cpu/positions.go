package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
)

// positions is the SwiGLU over positions, z = rms(z + down . (silu(gate . z) * up .
// z)), on the transpose of a lane's state, for some channels.
func (t *batch) positions(g *group, worker, task int) {
	c, s, w := &t.b.model.Config, &t.b.scratch[worker], &t.layers[g.at.layer]
	k, at := g.cols[task%len(g.cols)], task/len(g.cols)
	p, inter, n := g.grid.positions, c.InterT(), k.hi-k.lo
	column, act := reuse.Grow(&s.column, 2*n*p), reuse.Grow(&s.act, n*inter)
	z, out := column[:n*p], column[n*p:]
	lane := g.state(at*p, (at+1)*p, c.Hidden)
	gather(z, lane, c.Hidden, k)
	x := s.operand(z, p, w.GateUpT)
	for lo := 0; lo < inter && !t.stopped(); lo += gluBlock {
		s.glu(act, inter, &x, w.GateUpT, lo)
	}
	x = s.operand(act, inter, w.DownT)
	x.multiply(out, p, w.DownT, 0, p)
	t.traceData(g, "mlp_t_out", out)
	kernels.AddRMSNorm(z, out, p, t.b.eps)
	scatter(lane, z, c.Hidden, k)
}

// gather copies channels of z [P, d] into columns [channels, P].
func gather(columns, z []float32, d int, k span) {
	p := len(z) / d
	for pos := range p {
		for i, v := range z[pos*d+k.lo : pos*d+k.hi] {
			columns[i*p+pos] = v
		}
	}
}

// scatter is the inverse of gather.
func scatter(z, columns []float32, d int, k span) {
	p := len(z) / d
	for pos := range p {
		row := z[pos*d+k.lo : pos*d+k.hi]
		for i := range row {
			row[i] = columns[i*p+pos]
		}
	}
}
