package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
)

// gluBlock is the number of channels of a SwiGLU that are computed at a time: few, so
// that gates and ups are still in the first- or second-level cache when they are
// multiplied.
const gluBlock = 128

// swiGLU is z = rms(z + down . (silu(gate . z) * up . z)) for a chunk, in one task.
func (t *batch) swiGLU(g *group, worker int, k span) {
	for lo := 0; lo < t.b.model.Config.Inter(); lo += gluBlock {
		t.gluRows(g, worker, k, lo)
	}
	t.downRows(g, worker, k)
}

// glu computes some channels of a band's act = silu(gate . z) * up . z.
func (t *batch) glu(g *group, worker, task int) {
	t.gluRows(g, worker, g.bands[g.at.band].span, task*gluBlock)
}

// down is z = rms(z + down . act) for a chunk of a band.
func (t *batch) down(g *group, worker, task int) {
	t.downRows(g, worker, g.chunks[g.bands[g.at.band].chunks.lo+task])
}

// gluRows computes channels from lo on of act, for some rows of the band.
func (t *batch) gluRows(g *group, worker int, rows span, lo int) {
	s, w, inter := &t.b.scratch[worker], t.layers[g.at.layer].GateUp, t.b.model.Config.Inter()
	x, from := t.operand(g, rows), (rows.lo-g.bands[g.at.band].lo)*inter
	if lo == 0 {
		t.traceData(g, "after_norm1", x.x)
		t.traceGateUp(g, &x, w)
	}
	if t.b.bf16 {
		p := w.i8.Rows(2*lo, 2*gluBlock)
		kernels.SwiGLUI8(g.act16[from+lo:], inter, &x.i8, x.rows, &p, reuse.Grow(&s.wide, x.rows*2*gluBlock))
		return
	}
	s.glu(g.act[from:], inter, &x, w, lo)
}

// glu sets channels lo to lo+gluBlock-1, as far as there are, of act [rows, inter] =
// silu(gate . x) * (up . x). gateUp has panels of gates, each followed by its ups.
func (s *scratch) glu(act []float32, inter int, x *operand, gateUp *weights, lo int) {
	n := min(gluBlock, inter-lo)
	block := reuse.Grow(&s.wide, x.rows*2*n)
	x.multiply(block, 2*n, gateUp, 2*lo, 2*n)
	for i := range x.rows {
		kernels.SwiGLUPanels(act[i*inter+lo:][:n], block[i*2*n:])
	}
}

// downRows is down for some rows of the band.
func (t *batch) downRows(g *group, worker int, k span) {
	c, s, w := &t.b.model.Config, &t.b.scratch[worker], t.layers[g.at.layer].Down
	d, inter, first := c.Hidden, c.Inter(), g.bands[g.at.band].lo
	from, to := (k.lo-first)*inter, (k.hi-first)*inter
	var x operand
	if t.b.bf16 {
		x = s.operandBF16(g.act16[from:to], inter)
		t.traceBF16(g, "swiglu_act", g.act16[from:to])
	} else {
		x = s.operand(g.act[from:to], inter, w)
		t.traceData(g, "swiglu_act", x.x)
	}
	out := reuse.Grow(&s.out, x.rows*d)
	x.multiply(out, d, w, 0, d)
	t.traceData(g, "mlp_out", out)
	t.addNorm(g, k, out)
	t.traceData(g, "block_out", g.state(k.lo, k.hi, d))
}
