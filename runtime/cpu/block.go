package cpu

import (
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// The steps of a pass, each a parallel loop over tasks of a group.
const (
	stepEnter = iota
	stepProject
	stepAttend
	stepHead
	stepMixHeads
	stepMixPositions
	stepPrepare
	stepGLU
	stepDown
	stepLeave
	stepRead
	numSteps
)

var steps = [numSteps]func(t *batch, g *group, worker, task int){
	stepEnter:        (*batch).enter,
	stepProject:      (*batch).project,
	stepAttend:       (*batch).attend,
	stepHead:         (*batch).head,
	stepMixHeads:     (*batch).mixHeads,
	stepMixPositions: (*batch).mixPositions,
	stepPrepare:      (*batch).prepare,
	stepGLU:          (*batch).glu,
	stepDown:         (*batch).down,
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

// project computes queries, keys and values of a band for some heads.
func (t *batch) project(g *group, worker, task int) {
	c, s, w := &t.b.model.Config, &t.b.scratch[worker], t.layers[g.layer].qkv
	tasks := t.b.headTasks()
	k, width := g.bands[task/tasks].span, 3*c.Hidden/tasks
	first := task % tasks * c.Heads / tasks
	for lo := k.lo; lo < k.hi; lo += t.b.maxChunk() {
		part := span{lo, min(lo+t.b.maxChunk(), k.hi)}
		x := t.state(g, part)
		qkv := s.wide[:x.rows*width]
		x.multiply(qkv, width, w, first*3*c.HeadDim(), width)
		t.traceData(g, "qkv", qkv)
		t.keep(g, part, first, qkv)
	}
}

// keep rotates queries and keys of rows, of heads from first on, and stores them
// and the values where attention finds them.
func (t *batch) keep(g *group, k span, first int, qkv []float32) {
	d, hd := t.b.model.Config.Hidden, t.b.model.Config.HeadDim()
	all := len(qkv) / (k.hi - k.lo)
	width := all / 3
	for row := k.lo; row < k.hi; row++ {
		l, pos := t.pos(g, row)
		qkv := qkv[(row-k.lo)*all:][:all]
		t.rotate(pos, qkv[:2*width])
		copy(l.q[pos*d+first*hd:], qkv[:width])
		for at := 0; at < width; at += hd {
			h := first + at/hd
			l.keys[h].SetRow(pos, qkv[width+at:][:hd])
			l.values[h].SetCol(pos, qkv[2*width+at:][:hd])
		}
	}
}

// rotate applies the rotary embedding of a position to its queries and keys.
func (t *batch) rotate(pos int, qk []float32) {
	if t.b.cos == nil {
		return
	}
	hd := t.b.model.Config.HeadDim()
	cos, sin := t.b.cos[pos*hd/2:(pos+1)*hd/2], t.b.sin[pos*hd/2:(pos+1)*hd/2]
	for ; len(qk) > 0; qk = qk[hd:] {
		kernels.Rope(qk[:hd], cos, sin)
	}
}

// queryParts is into how many parts the queries of a head are cut.
func (b *Backend) queryParts() int {
	p, most := b.model.Config.P(), b.maxChunk()
	return (p + most - 1) / most
}

// attend sets one head's columns of context for a part of a lane:
//
//	softmax(Q K^T / sqrt(headDim) + bias) V
func (t *batch) attend(g *group, worker, task int) {
	c, s := &t.b.model.Config, &t.b.scratch[worker]
	d, hd, p, parts := c.Hidden, c.HeadDim(), c.P(), t.b.queryParts()
	at, h, part := task/parts/c.Heads, task/parts%c.Heads, task%parts
	lo, hi := p*part/parts, p*(part+1)/parts
	l, rows := &t.lanes[g.lanes[at]], hi-lo
	scores := s.scores[:rows*p]
	kernels.MatMulT(scores, p, l.q[lo*d+h*hd:], d, rows, l.keys[h])
	scale := float32(1 / math.Sqrt(float64(hd)))
	for i := range rows {
		kernels.Softmax(scores[i*p:(i+1)*p], scale, t.layers[g.layer].bias(h, lo+i, p))
	}
	kernels.MatMulT(g.context[(at*p+lo)*d+h*hd:], d, scores, p, rows, l.values[h])
}

// bias returns what a head adds to the scores of a position, or nil.
func (l *layer) bias(head, pos, p int) []float32 {
	if l.relationBias == nil {
		return nil
	}
	at := (head*p + pos) * p
	return l.relationBias[at : at+p]
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

// glu computes some channels of a band's act = silu(gate . z) * up . z.
func (t *batch) glu(g *group, worker, task int) {
	s, w, inter := &t.b.scratch[worker], t.layers[g.layer].gateUp, t.b.model.Config.Inter()
	x := t.state(g, g.bands[g.band].span)
	if task == 0 {
		t.traceData(g, "after_norm1", x.x)
		t.traceGateUp(g, &x, w)
	}
	if t.b.bf16 {
		p := w.i8.Rows(2*task*gluBlock, 2*gluBlock)
		kernels.SwiGLUI8(g.act16[task*gluBlock:], inter, &x.i8, x.rows, &p, s.wide)
		return
	}
	s.swiGLU(g.act, inter, &x, w, task*gluBlock)
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
	for lo := 0; lo < inter; lo += gluBlock {
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
