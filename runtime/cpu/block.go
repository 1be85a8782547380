package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// The steps of a pass, each a parallel loop over tasks of a group.
const (
	stepEnter = iota
	stepHeads
	stepProject
	stepAttend
	stepHeadBF16
	stepMixHeads
	stepMixPositions
	stepPrepare
	stepGLU
	stepDown
	stepChunk
	stepLeave
	stepRead
	numSteps
)

var steps = [numSteps]func(t *batch, g *group, worker, task int){
	stepEnter:        (*batch).enter,
	stepHeads:        (*batch).heads,
	stepProject:      (*batch).project,
	stepAttend:       (*batch).attend,
	stepHeadBF16:     (*batch).headBF16,
	stepMixHeads:     (*batch).mixHeads,
	stepMixPositions: (*batch).mixPositions,
	stepPrepare:      (*batch).prepare,
	stepGLU:          (*batch).glu,
	stepDown:         (*batch).down,
	stepChunk:        (*batch).chunk,
	stepLeave:        (*batch).leave,
	stepRead:         (*batch).read,
}

// enter starts a pass for a chunk: it adds what the other level and the puzzle
// say,
//
//	L: z = zL + zH + x    H: z = zH + zL
func (t *batch) enter(g *group, _, task int) {
	d := t.b.model.Config.Hidden
	const rows = 8 // at a time: they stay in the first-level cache
	k := g.chunks[task]
	for lo := k.lo; lo < k.hi; lo += rows {
		some := span{lo, min(lo+rows, k.hi)}
		for row := some.lo; row < some.hi; row++ {
			l, pos := t.pos(g, row)
			lo, hi := pos*d, (pos+1)*d
			z := g.z[row*d : (row+1)*d]
			copy(z, l.z[t.pass.Level][lo:hi])
			if t.pass.Level == runtime.L {
				kernels.Add2(z, l.z[runtime.H][lo:hi], l.x[lo:hi])
			} else {
				kernels.Add(z, l.z[runtime.L][lo:hi])
			}
		}
		t.round(g, some)
	}
}

// leave ends a pass for a chunk.
func (t *batch) leave(g *group, _, task int) {
	d := t.b.model.Config.Hidden
	k := g.chunks[task]
	for row := k.lo; row < k.hi; row++ {
		l, pos := t.pos(g, row)
		copy(l.z[t.pass.Level][pos*d:], g.z[row*d:(row+1)*d])
	}
}

// state returns rows of the state, as prepare left them.
func (t *batch) state(g *group, k span) operand {
	d := t.b.model.Config.Hidden
	x := operand{x: g.z[k.lo*d : k.hi*d], k: d, rows: k.hi - k.lo}
	if g.z8 != nil {
		x.i8 = g.z8.Rows(k.lo, x.rows)
	}
	return x
}

// prepare rounds a chunk of the state for the int8 matrices that multiply it.
func (t *batch) prepare(g *group, _, task int) { t.round(g, g.chunks[task]) }

// round is prepare for some rows.
func (t *batch) round(g *group, rows span) {
	if g.z8 != nil {
		x := t.state(g, rows)
		x.quantize()
	}
}

// addNorm is z = rms(z + y) for a chunk, and prepare.
func (t *batch) addNorm(g *group, task int, y []float32) {
	d, k := t.b.model.Config.Hidden, g.chunks[task]
	z := g.z[k.lo*d : k.hi*d]
	if g.z8 != nil {
		rows := g.z8.Rows(k.lo, k.hi-k.lo)
		rows.AddRMSNorm(z, y, d, t.b.eps)
		return
	}
	kernels.AddRMSNorm(z, y, d, t.b.eps)
}

// heads projects and attends: it sets the columns of context of the heads of a task
// for some lanes.
func (t *batch) heads(g *group, worker, task int) {
	s, tasks, p := &t.b.scratch[worker], t.b.headTasks(), t.b.model.Config.P()
	lanes := g.lanesOf(task / tasks)
	rows := span{lanes.lo * p, lanes.hi * p}
	qkv := s.qkv[:(rows.hi-rows.lo)*t.b.headWidth()]
	step := t.b.projectRows()
	for lo := rows.lo; lo < rows.hi && !t.stopped(); lo += step {
		t.projectHeads(g, qkv[(lo-rows.lo)*t.b.headWidth():], span{lo, min(lo+step, rows.hi)}, task%tasks)
	}
	for at := lanes.lo; at < lanes.hi; at++ {
		t.attendHeads(g, s, qkv[(at-lanes.lo)*p*t.b.headWidth():], at, task%tasks, span{0, p})
	}
}

// projectRows is how many rows a task projects before it asks again whether to go
// on: all, but in a model of thousands of positions. A traced lane is not cut.
func (b *Backend) projectRows() int {
	if b.trace != nil {
		return b.model.Config.P()
	}
	const products = 1 << 29 // tens of milliseconds
	return max(chunkRows, products/(b.model.Config.Hidden*b.headWidth()))
}

// project is the first part of heads, for a chunk of rows, where there are more
// workers than tasks of heads.
func (t *batch) project(g *group, _, task int) {
	tasks, width := t.b.headTasks(), t.b.headWidth()
	rows := g.chunks[task/tasks]
	first := task%tasks*len(g.lanes)*t.b.model.Config.P() + rows.lo
	t.projectHeads(g, g.qkv[first*width:(first+rows.hi-rows.lo)*width], rows, task%tasks)
}

// attend is the rest, for a part of the queries.
func (t *batch) attend(g *group, worker, task int) {
	p, tasks, width, parts := t.b.model.Config.P(), t.b.headTasks(), t.b.headWidth(), t.b.queryParts()
	at, h, part := task/parts/tasks, task/parts%tasks, task%parts
	qkv := g.qkv[(h*len(g.lanes)+at)*p*width:]
	t.attendHeads(g, &t.b.scratch[worker], qkv, at, h, span{p * part / parts, p * (part + 1) / parts})
}

// projectHeads sets qkv [rows, headWidth] to queries, keys and values of the heads
// of a task, those of a head side by side, queries and keys rotated.
func (t *batch) projectHeads(g *group, qkv []float32, rows span, task int) {
	p, width := t.b.model.Config.P(), t.b.headWidth()
	x := t.state(g, rows)
	qkv = qkv[:x.rows*width]
	x.multiply(qkv, width, t.layers[g.layer].qkv, task*width, width)
	t.traceQKV(g, qkv)
	for row := rows.lo; row < rows.hi; {
		n := min(p-row%p, rows.hi-row) // of a lane
		t.rotate(qkv[(row-rows.lo)*width:][:n*width], span{row % p, row%p + n})
		row += n
	}
}

// rotate applies the rotary embedding of positions to their queries and keys [rows,
// headWidth].
func (t *batch) rotate(qkv []float32, pos span) {
	if t.b.cos == nil {
		return
	}
	hd, width := t.b.model.Config.HeadDim(), t.b.headWidth()
	cos, sin := t.b.cos[pos.lo*hd/2:pos.hi*hd/2], t.b.sin[pos.lo*hd/2:pos.hi*hd/2]
	for at := 0; at < width; at += 3 * hd {
		kernels.RopeRows(qkv[at:], width, pos.hi-pos.lo, hd, cos, sin)
		kernels.RopeRows(qkv[at+hd:], width, pos.hi-pos.lo, hd, cos, sin)
	}
}

// attendHeads sets the columns of context of the heads of a task for some positions
// of a lane, whose rows qkv begins with.
func (t *batch) attendHeads(g *group, s *scratch, qkv []float32, at, task int, pos span) {
	c := &t.b.model.Config
	d, hd, p, heads := c.Hidden, c.HeadDim(), c.P(), c.Heads/t.b.headTasks()
	for i := range heads {
		h := task*heads + i
		ctx, qkv, bias := g.context[at*p*d+h*hd:], qkv[i*3*hd:], t.layers[g.layer].bias(h, p)
		s.head.Pack(qkv, t.b.headWidth())
		for lo := pos.lo; lo < pos.hi && !t.stopped(); lo += chunkRows {
			s.head.Attend(ctx, d, qkv, t.b.headWidth(), bias, lo, min(lo+chunkRows, pos.hi))
		}
	}
}

// bias returns what a head adds to its scores [P, P], or nil.
func (l *layer) bias(head, p int) []float32 {
	if l.relationBias == nil {
		return nil
	}
	return l.relationBias[head*p*p : (head+1)*p*p]
}

// mixHeads is z = rms(z + O . context) for a chunk.
func (t *batch) mixHeads(g *group, worker, task int) {
	d, k, w := t.b.model.Config.Hidden, g.chunks[task], t.layers[g.layer].o
	s := &t.b.scratch[worker]
	var x operand
	if t.b.bf16 {
		x = s.operandBF16(g.context16[k.lo*d:k.hi*d], d)
		t.traceBF16(g, "attn_ctx", g.context16[k.lo*d:k.hi*d])
	} else {
		x = s.operand(g.context[k.lo*d:k.hi*d], d, w)
		t.traceData(g, "attn_ctx", x.x)
	}
	out := s.out[:x.rows*d]
	x.multiply(out, d, w, 0, d)
	t.traceData(g, "attn_out", out)
	t.addNorm(g, task, out)
}

// gluBlock is the number of channels that glu computes at a time: few, so that
// gates and ups are still in the first- or second-level cache when they are
// multiplied. It divides every width, which is a multiple of 256.
const gluBlock = 128

// chunk is what follows the mixing of positions, in one task: the rest of a layer
// for a chunk, and after the last one leave.
func (t *batch) chunk(g *group, worker, task int) {
	if t.b.model.Config.MLPT {
		t.prepare(g, worker, task)
	} else {
		t.mixHeads(g, worker, task)
	}
	for channels := range t.b.model.Config.Inter() / gluBlock {
		t.gluRows(g, worker, g.chunks[task], channels)
	}
	t.down(g, worker, task)
	if g.layer == len(t.layers)-1 {
		t.leave(g, worker, task)
	}
}

// glu computes some channels of a band's act = silu(gate . z) * up . z.
func (t *batch) glu(g *group, worker, task int) {
	t.gluRows(g, worker, g.bands[g.band].span, task)
}

// gluRows is glu for some rows of the band.
func (t *batch) gluRows(g *group, worker int, rows span, task int) {
	s, w, inter := &t.b.scratch[worker], t.layers[g.layer].gateUp, t.b.model.Config.Inter()
	x, from := t.state(g, rows), (rows.lo-g.bands[g.band].lo)*inter
	if task == 0 {
		t.traceData(g, "after_norm1", x.x)
		t.traceGateUp(g, &x, w)
	}
	if t.b.bf16 {
		p := w.i8.Rows(2*task*gluBlock, 2*gluBlock)
		kernels.SwiGLUI8(g.act16[from+task*gluBlock:], inter, &x.i8, x.rows, &p, s.wide)
		return
	}
	s.swiGLU(g.act[from:], inter, &x, w, task*gluBlock)
}

// swiGLU sets channels lo..lo+gluBlock-1 of act [rows, inter] = silu(gate . x) *
// (up . x). gateUp has panels of gates, each followed by its ups.
func (s *scratch) swiGLU(act []float32, inter int, x *operand, gateUp *weights, lo int) {
	block := s.wide[:x.rows*2*gluBlock]
	x.multiply(block, 2*gluBlock, gateUp, 2*lo, 2*gluBlock)
	for i := range x.rows {
		kernels.SwiGLUPanels(act[i*inter+lo:][:gluBlock], block[i*2*gluBlock:])
	}
}

// down is z = rms(z + down . act) for a chunk of a band.
func (t *batch) down(g *group, worker, task int) {
	c, s, w := &t.b.model.Config, &t.b.scratch[worker], t.layers[g.layer].down
	d, inter := c.Hidden, c.Inter()
	band := &g.bands[g.band]
	task += band.chunks.lo
	k := g.chunks[task]
	from, to := (k.lo-band.lo)*inter, (k.hi-band.lo)*inter
	var x operand
	if t.b.bf16 {
		x = s.operandBF16(g.act16[from:to], inter)
		t.traceBF16(g, "swiglu_act", g.act16[from:to])
	} else {
		x = s.operand(g.act[from:to], inter, w)
		t.traceData(g, "swiglu_act", x.x)
	}
	out := s.out[:x.rows*d]
	x.multiply(out, d, w, 0, d)
	t.traceData(g, "mlp_out", out)
	t.addNorm(g, task, out)
	t.traceData(g, "block_out", g.z[k.lo*d:k.hi*d])
}

// mixPositions is TRM's mlp_t: glu and down on the transpose of a lane's state,
// for a chunk of channels.
func (t *batch) mixPositions(g *group, worker, task int) {
	c, s, w := &t.b.model.Config, &t.b.scratch[worker], &t.layers[g.layer]
	k, at := g.cols[task%len(g.cols)], task/len(g.cols)
	p, inter, n := c.P(), c.InterT(), k.hi-k.lo
	z, out, act := s.column[:n*p], s.column[n*p:2*n*p], s.act[:n*inter]
	lane := g.z[at*p*c.Hidden : (at+1)*p*c.Hidden]
	gather(z, lane, c.Hidden, k)
	x := s.operand(z, p, w.gateUpT)
	for lo := 0; lo < inter && !t.stopped(); lo += gluBlock {
		s.swiGLU(act, inter, &x, w.gateUpT, lo)
	}
	x = s.operand(act, inter, w.downT)
	x.multiply(out, p, w.downT, 0, p)
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
