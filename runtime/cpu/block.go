package cpu

import (
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// runPass applies one level's network to its state.
func (t *batch) runPass() {
	run := t.b.pool.Run
	t.layers = t.b.levels[t.pass.Level]
	if t.b.model.Config.MLPT {
		run(len(t.rows), t.loops.inject)
		for t.layer = range t.layers {
			run(len(t.cols), t.loops.mixPositions)
			run(len(t.rows), t.loops.feedForward)
		}
	} else {
		run(len(t.rows), t.loops.enter)
		for t.layer = range t.layers {
			run(len(t.rows), t.loops.block)
		}
	}
	if t.b.trace != nil {
		t.calls[t.network()]++
	}
}

// enter starts a pass for a chunk: it injects and projects for the first block.
func (t *batch) enter(worker, task int) {
	t.inject(worker, task)
	t.project(worker, &t.rows[task], 0)
}

// block runs a block for a chunk, and projects for the next one: that needs no
// other rows.
func (t *batch) block(worker, task int) {
	t.attend(worker, &t.rows[task])
	t.feedForward(worker, task)
	if next := t.layer + 1; next < len(t.layers) {
		t.project(worker, &t.rows[task], next)
	}
}

// state returns the rows of a chunk in the state that the pass updates.
func (t *batch) state(k *chunk) []float32 {
	d := t.b.model.Config.Hidden
	return k.lane.z[t.pass.Level][k.lo*d : k.hi*d]
}

// inject adds what the other level and the puzzle say:
//
//	L: zL += zH + x    H: zH += zL
func (t *batch) inject(_, task int) {
	k := &t.rows[task]
	d := t.b.model.Config.Hidden
	lo, hi := k.lo*d, k.hi*d
	z := &k.lane.z
	if t.pass.Level == runtime.L {
		kernels.Add2(z[runtime.L][lo:hi], z[runtime.H][lo:hi], k.lane.x[lo:hi])
	} else {
		kernels.Add(z[runtime.H][lo:hi], z[runtime.L][lo:hi])
	}
}

// project computes a chunk's queries, keys and values for a layer.
func (t *batch) project(worker int, k *chunk, layer int) {
	d, rows := t.b.model.Config.Hidden, k.hi-k.lo
	s, w := &t.b.scratch[worker], t.layers[layer].qkv
	qkv := s.a[:rows*3*d]
	s.prepare(t.state(k), d, rows, w)
	s.multiply(qkv, 3*d, t.state(k), d, rows, w)
	t.traceData(layer, "qkv", k, qkv)
	m := k.lane.memory(layer)
	for i := range rows {
		t.rotate(k.lo+i, qkv[i*3*d:(i*3+2)*d])
		copy(k.lane.q[(k.lo+i)*d:], qkv[i*3*d:(i*3+1)*d])
	}
	for h := range m.keys {
		m.store(h, k.lo, rows, qkv[d:], d)
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

// attend is z = rms(z + O . attention).
func (t *batch) attend(worker int, k *chunk) {
	d, rows := t.b.model.Config.Hidden, k.hi-k.lo
	s := &t.b.scratch[worker]
	context, out := s.a[:rows*d], s.b[:rows*d]
	for h := range t.b.model.Config.Heads {
		t.attendHead(context, k, h, s)
	}
	t.traceData(t.layer, "attn_ctx", k, context)
	w := t.layers[t.layer].o
	s.prepare(context, d, rows, w)
	s.multiply(out, d, context, d, rows, w)
	t.traceData(t.layer, "attn_out", k, out)
	kernels.AddRMSNorm(t.state(k), out, d, t.b.eps)
}

// attendHead sets one head's columns of context [rows, D]:
//
//	softmax(Q K^T / sqrt(headDim) + bias) V
func (t *batch) attendHead(context []float32, k *chunk, h int, s *scratch) {
	c := &t.b.model.Config
	d, hd, p, rows := c.Hidden, c.HeadDim(), c.P(), k.hi-k.lo
	scores, m := s.scores[:rows*p], k.lane.memory(t.layer)
	kernels.MatMulT(scores, p, k.lane.q[k.lo*d+h*hd:], d, rows, m.keys[h])
	scale := float32(1 / math.Sqrt(float64(hd)))
	for i := range rows {
		kernels.Softmax(scores[i*p:(i+1)*p], scale, t.bias(s, h, k.lo+i))
	}
	kernels.MatMulT(context[h*hd:], d, scores, p, rows, m.values[h])
}

// bias returns what a head adds to the scores of a position, or nil.
func (t *batch) bias(s *scratch, head, pos int) []float32 {
	all := t.layers[t.layer].relationBias
	if all == nil {
		return nil
	}
	c := &t.b.model.Config
	prefix := c.Prefix()
	byClass := all[head*runtime.NumRelations : (head+1)*runtime.NumRelations]
	toPrefix := byClass[c.Relation(pos, 0)] // the class of the prefix, when there is one
	if pos < prefix {
		prefix = c.P() // to which everything has that class
	}
	for j := range prefix {
		s.bias[j] = toPrefix
	}
	for j := prefix; j < c.P(); j++ {
		s.bias[j] = byClass[t.b.relation[(pos-c.Prefix())*c.SeqLen+j-prefix]]
	}
	return s.bias
}

// feedForward is z = rms(z + down . (silu(gate . z) * up . z)).
func (t *batch) feedForward(worker, task int) {
	k := &t.rows[task]
	c := &t.b.model.Config
	s, w := &t.b.scratch[worker], &t.layers[t.layer]
	d, inter, rows := c.Hidden, c.Inter(), k.hi-k.lo
	z, act, out := t.state(k), s.act[:rows*inter], s.b[:rows*d]
	t.traceData(t.layer, "after_norm1", k, z)
	s.prepare(z, d, rows, w.gateUp)
	t.traceGateUp(worker, k, z, w.gateUp)
	s.swiGLU(act, z, d, rows, w.gateUp)
	t.traceData(t.layer, "swiglu_act", k, act)
	s.prepare(act, inter, rows, w.down)
	s.multiply(out, d, act, inter, rows, w.down)
	t.traceData(t.layer, "mlp_out", k, out)
	kernels.AddRMSNorm(z, out, d, t.b.eps)
	t.traceData(t.layer, "block_out", k, z)
}

// gluBlock is the number of channels that swiGLU computes at a time: few, so
// that gates and ups are still in the first- or second-level cache when they
// are multiplied. It divides every width, which is a multiple of 256.
const gluBlock = 128

// swiGLU sets act [rows, I] = silu(gate . x) * (up . x) for an x [rows, n] that
// was prepared. gateUp has blocks of gluBlock gates, each followed by its ups.
func (s *scratch) swiGLU(act, x []float32, n, rows int, gateUp *weights) {
	inter, block := gateUp.n()/2, s.wide[:rows*2*gluBlock]
	for lo := 0; lo < inter; lo += gluBlock {
		s.multiplyRows(block, 2*gluBlock, x, n, rows, gateUp, 2*lo, 2*gluBlock)
		for i := range rows {
			kernels.SwiGLU(act[i*inter+lo:i*inter+lo+gluBlock], block[i*2*gluBlock:(i+1)*2*gluBlock], gluBlock)
		}
	}
}

// mixPositions is TRM's mlp_t: the same as feedForward on the transpose of z,
// for a chunk of channels.
func (t *batch) mixPositions(worker, task int) {
	k := &t.cols[task]
	c := &t.b.model.Config
	s, w := &t.b.scratch[worker], &t.layers[t.layer]
	p, inter, rows := c.P(), c.InterT(), k.hi-k.lo
	z, act, out := s.a[:rows*p], s.act[:rows*inter], s.b[:rows*p]
	t.gather(z, k)
	s.prepare(z, p, rows, w.gateUpT)
	s.swiGLU(act, z, p, rows, w.gateUpT)
	s.prepare(act, inter, rows, w.downT)
	s.multiply(out, p, act, inter, rows, w.downT)
	t.traceData(t.layer, "mlp_t_out", k, out)
	kernels.AddRMSNorm(z, out, p, t.b.eps)
	t.scatter(z, k)
}

// gather copies the channels of a chunk into columns [hi-lo, P].
func (t *batch) gather(columns []float32, k *chunk) {
	d, p := t.b.model.Config.Hidden, t.b.model.Config.P()
	z := k.lane.z[t.pass.Level]
	for pos := range p {
		for i, v := range z[pos*d+k.lo : pos*d+k.hi] {
			columns[i*p+pos] = v
		}
	}
}

// scatter is the inverse of gather.
func (t *batch) scatter(columns []float32, k *chunk) {
	d, p := t.b.model.Config.Hidden, t.b.model.Config.P()
	z := k.lane.z[t.pass.Level]
	for pos := range p {
		row := z[pos*d+k.lo : pos*d+k.hi]
		for i := range row {
			row[i] = columns[i*p+pos]
		}
	}
}
