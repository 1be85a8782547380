package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
)

// headTasks returns into how many tasks, each of some heads, attention is cut: a
// task's rows of the matrix begin at a panel.
func (b *Backend) headTasks() int {
	c := &b.model.Config
	if b.trace != nil {
		return 1
	}
	tasks := c.Heads
	for tasks > 1 && (c.Heads%tasks != 0 || c.Hidden/tasks%kernels.PanelWidth != 0) {
		tasks--
	}
	return tasks
}

// headWidth is how many queries, keys and values a task's heads have.
func (b *Backend) headWidth() int { return 3 * b.model.Config.Hidden / b.headTasks() }

// lanesOf are the lanes of a part of plan.parts.
func (g *group) lanesOf(part int) span {
	n := len(g.lanes)
	return span{n * part / g.parts, n * (part + 1) / g.parts}
}

// heads projects and attends: it sets the columns of context of the heads of a task
// for some lanes.
func (t *batch) heads(g *group, worker, task int) {
	if t.b.bf16 {
		t.headBF16(g, worker, task)
		return
	}
	s, tasks, width, p := &t.b.scratch[worker], t.b.headTasks(), t.b.headWidth(), g.grid.positions
	lanes := g.lanesOf(task / tasks)
	rows := span{lanes.lo * p, lanes.hi * p}
	qkv := reuse.Grow(&s.qkv, (rows.hi-rows.lo)*width)
	step := t.b.projectRows(p)
	for lo := rows.lo; lo < rows.hi && !t.stopped(); lo += step {
		t.projectHeads(g, qkv[(lo-rows.lo)*width:], span{lo, min(lo+step, rows.hi)}, task%tasks)
	}
	for at := lanes.lo; at < lanes.hi; at++ {
		t.attendHeads(g, s, qkv[(at-lanes.lo)*p*width:], at, task%tasks, span{0, p})
	}
}

// projectRows is how many rows a task projects before it asks again whether to go
// on: all, but in a model of thousands of positions. A traced lane is not cut.
func (b *Backend) projectRows(p int) int {
	if b.trace != nil {
		return p
	}
	const products = 1 << 29 // tens of milliseconds
	return max(chunkRows, products/(b.model.Config.Hidden*b.headWidth()))
}

// project is the first part of heads, for a chunk of rows, where there are more
// workers than tasks of heads.
func (t *batch) project(g *group, _, task int) {
	tasks, width := t.b.headTasks(), t.b.headWidth()
	rows := g.chunks[task/tasks]
	first := task%tasks*len(g.lanes)*g.grid.positions + rows.lo
	t.projectHeads(g, g.qkv[first*width:(first+rows.hi-rows.lo)*width], rows, task%tasks)
}

// attend is the rest, for a part of the queries.
func (t *batch) attend(g *group, worker, task int) {
	p, tasks, width := g.grid.positions, t.b.headTasks(), t.b.headWidth()
	parts := t.b.queryParts(p)
	at, h, part := task/parts/tasks, task/parts%tasks, task%parts
	qkv := g.qkv[(h*len(g.lanes)+at)*p*width:]
	t.attendHeads(g, &t.b.scratch[worker], qkv, at, h, span{p * part / parts, p * (part + 1) / parts})
}

// projectHeads sets qkv [rows, headWidth] to queries, keys and values of the heads
// of a task, those of a head side by side, queries and keys rotated.
func (t *batch) projectHeads(g *group, qkv []float32, rows span, task int) {
	p, width := g.grid.positions, t.b.headWidth()
	x := t.operand(g, rows)
	qkv = qkv[:x.rows*width]
	x.multiply(qkv, width, t.layers[g.at.layer].QKV, task*width, width)
	t.traceQKV(g, qkv)
	for row := rows.lo; row < rows.hi; {
		n := min(p-row%p, rows.hi-row) // of a lane
		t.rotate(g.grid, qkv[(row-rows.lo)*width:][:n*width], span{row % p, row%p + n})
		row += n
	}
}

// rotate applies the rotary embedding of positions to their queries and keys [rows,
// headWidth].
func (t *batch) rotate(grid *geometry, qkv []float32, pos span) {
	if grid.cos == nil {
		return
	}
	hd, width := t.b.model.Config.HeadDim(), t.b.headWidth()
	cos, sin := grid.cos[pos.lo*hd/2:pos.hi*hd/2], grid.sin[pos.lo*hd/2:pos.hi*hd/2]
	for at := 0; at < width; at += 3 * hd {
		kernels.RopeRows(qkv[at:], width, pos.hi-pos.lo, hd, cos, sin)
		kernels.RopeRows(qkv[at+hd:], width, pos.hi-pos.lo, hd, cos, sin)
	}
}

// attendHeads sets the columns of context of the heads of a task for some positions
// of a lane, whose rows qkv begins with.
func (t *batch) attendHeads(g *group, s *scratch, qkv []float32, at, task int, pos span) {
	c := &t.b.model.Config
	d, hd, p, width, heads := c.Hidden, c.HeadDim(), g.grid.positions, t.b.headWidth(), c.Heads/t.b.headTasks()
	head := s.head(p, hd)
	for i := range heads {
		h := task*heads + i
		ctx, qkv, bias := g.context[at*p*d+h*hd:], qkv[i*3*hd:], g.grid.headBias(t.pass.Level, g.at.layer, h)
		head.Pack(qkv, width)
		for lo := pos.lo; lo < pos.hi && !t.stopped(); lo += chunkRows {
			head.Attend(ctx, d, qkv, width, bias, lo, min(lo+chunkRows, pos.hi))
		}
	}
}

// head returns the attention of one head over p positions.
func (s *scratch) head(p, dim int) *kernels.HeadF32 {
	return reuse.Remembered(&s.heads, p, func() *kernels.HeadF32 { return kernels.NewHeadF32(p, dim) })
}

// mix is z = rms(z + o . context) for some rows.
func (t *batch) mix(g *group, worker int, k span) {
	d, w := t.b.model.Config.Hidden, t.layers[g.at.layer].O
	s := &t.b.scratch[worker]
	var x operand
	if t.b.bf16 {
		x = s.operandBF16(g.context16[k.lo*d:k.hi*d], d)
		t.traceBF16(g, "attn_ctx", g.context16[k.lo*d:k.hi*d])
	} else {
		x = s.operand(g.context[k.lo*d:k.hi*d], d, w)
		t.traceData(g, "attn_ctx", x.x)
	}
	out := reuse.Grow(&s.out, x.rows*d)
	x.multiply(out, d, w, 0, d)
	t.traceData(g, "attn_out", out)
	t.addNorm(g, k, out)
}
