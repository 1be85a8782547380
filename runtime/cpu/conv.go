package cpu

import "github.com/hrmgo/hrm/internal/reuse"

// convolve is z = rms(z + conv(z)) for some rows. It reads the other buffer of the
// state, whose rows around these it needs, and writes the one that the step names.
func (t *batch) convolve(g *group, worker int, k span) {
	s, d, p := &t.b.scratch[worker], t.b.model.Config.Hidden, g.grid.positions
	old := g.z[1-g.at.z]
	copy(g.state(k.lo, k.hi, d), old[k.lo*d:k.hi*d])
	out := reuse.Grow(&s.out, (k.hi-k.lo)*d)
	for lo := k.lo; lo < k.hi; { // a lane at a time
		begin := lo / p * p
		hi := min(begin+p, k.hi)
		t.convolveLane(g, out[(lo-k.lo)*d:(hi-k.lo)*d], old[begin*d:(begin+p)*d], lo-begin, hi-begin)
		lo = hi
	}
	t.traceData(g, "conv_out", out)
	t.addNorm(g, k, out)
}

// convolveLane sets positions lo to hi-1 of a lane, which y begins with: those of the
// prefix pass through.
func (t *batch) convolveLane(g *group, y, z []float32, lo, hi int) {
	c := &t.b.model.Config
	d, prefix := c.Hidden, c.Prefix()
	if front := min(max(prefix-lo, 0), hi-lo); front > 0 {
		clear(y[:front*d])
		y, lo = y[front*d:], lo+front
	}
	if lo < hi {
		g.grid.conv.Forward(y, z[prefix*d:], t.layers[g.at.layer].Conv.plain, lo-prefix, hi-prefix)
	}
}
