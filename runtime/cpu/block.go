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
	run(len(t.rows), t.loops.inject)
	for t.layer = range t.layers {
		if t.b.model.Config.MLPT {
			run(len(t.cols), t.loops.mixPositions)
			run(len(t.rows), t.loops.feedForward)
		} else {
			run(len(t.rows), t.loops.project)
			run(len(t.rows), t.loops.attend)
		}
	}
	if t.b.trace != nil {
		t.calls[t.network()]++
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

// project computes queries, keys and values of a chunk and puts them where
// attend finds them.
func (t *batch) project(worker, task int) {
	k := &t.rows[task]
	d, rows := t.b.model.Config.Hidden, k.hi-k.lo
	qkv := t.b.scratch[worker].a[:rows*3*d]
	kernels.MatMulT(qkv, 3*d, t.state(k), d, rows, t.layers[t.layer].qkv)
	t.traceData("qkv", k, qkv)
	for h := range t.b.model.Config.Heads {
		t.storeHead(k, h, qkv)
	}
}

// storeHead rotates a head's queries and keys and stores them and its values.
func (t *batch) storeHead(k *chunk, h int, qkv []float32) {
	c := &t.b.model.Config
	d, hd := c.Hidden, c.HeadDim()
	for pos := k.lo; pos < k.hi; pos++ {
		row := qkv[(pos-k.lo)*3*d+h*hd:]
		query, key, value := row[:hd], row[d:d+hd], row[2*d:2*d+hd]
		if c.Positions == runtime.Rope {
			cos, sin := t.b.cos[pos*hd/2:(pos+1)*hd/2], t.b.sin[pos*hd/2:(pos+1)*hd/2]
			kernels.Rope(query, cos, sin)
			kernels.Rope(key, cos, sin)
		}
		copy(k.lane.q[pos*d+h*hd:], query)
		k.lane.keys[h].SetRow(pos, key)
		k.lane.values[h].SetCol(pos, value)
	}
}

// attend is a block from the attention on:
//
//	z = rms(z + O . attention); z = rms(z + SwiGLU(z))
func (t *batch) attend(worker, task int) {
	k := &t.rows[task]
	d, rows := t.b.model.Config.Hidden, k.hi-k.lo
	s, w := &t.b.scratch[worker], &t.layers[t.layer]
	context, out := s.a[:rows*d], s.b[:rows*d]
	for h := range t.b.model.Config.Heads {
		t.attendHead(context, k, h, s)
	}
	t.traceData("attn_ctx", k, context)
	kernels.MatMulT(out, d, context, d, rows, w.o)
	t.traceData("attn_out", k, out)
	kernels.AddRMSNorm(t.state(k), out, d, t.b.eps)
	t.feedForward(worker, task)
}

// attendHead sets one head's columns of context [rows, D]:
//
//	softmax(Q K^T / sqrt(headDim) + bias) V
func (t *batch) attendHead(context []float32, k *chunk, h int, s *scratch) {
	c := &t.b.model.Config
	d, hd, p, rows := c.Hidden, c.HeadDim(), c.P(), k.hi-k.lo
	scores := s.scores[:rows*p]
	kernels.MatMulT(scores, p, k.lane.q[k.lo*d+h*hd:], d, rows, k.lane.keys[h])
	scale := float32(1 / math.Sqrt(float64(hd)))
	for i := range rows {
		kernels.Softmax(scores[i*p:(i+1)*p], scale, t.bias(s, h, k.lo+i))
	}
	kernels.MatMulT(context[h*hd:], d, scores, p, rows, k.lane.values[h])
}

// bias returns what a head adds to the scores of a position, or nil.
func (t *batch) bias(s *scratch, head, pos int) []float32 {
	all := t.layers[t.layer].relationBias
	if all == nil {
		return nil
	}
	p := t.b.model.Config.P()
	byClass := all[head*runtime.NumRelations : (head+1)*runtime.NumRelations]
	for j, class := range t.b.relation[pos*p : (pos+1)*p] {
		s.bias[j] = byClass[class]
	}
	return s.bias
}

// feedForward is z = rms(z + down . (silu(gate . z) * up . z)).
func (t *batch) feedForward(worker, task int) {
	k := &t.rows[task]
	c := &t.b.model.Config
	s, w := &t.b.scratch[worker], &t.layers[t.layer]
	d, inter, rows := c.Hidden, c.Inter(), k.hi-k.lo
	z, wide, act, out := t.state(k), s.wide[:rows*2*inter], s.act[:rows*inter], s.b[:rows*d]
	t.traceData("after_norm1", k, z)
	kernels.MatMulT(wide, 2*inter, z, d, rows, w.gateUp)
	t.traceData("gate_up", k, wide)
	kernels.SwiGLU(act, wide, inter)
	t.traceData("swiglu_act", k, act)
	kernels.MatMulT(out, d, act, inter, rows, w.down)
	t.traceData("mlp_out", k, out)
	kernels.AddRMSNorm(z, out, d, t.b.eps)
	t.traceData("block_out", k, z)
}

// mixPositions is TRM's mlp_t: the same as feedForward on the transpose of z,
// for a chunk of channels.
func (t *batch) mixPositions(worker, task int) {
	k := &t.cols[task]
	c := &t.b.model.Config
	s, w := &t.b.scratch[worker], &t.layers[t.layer]
	p, inter, rows := c.P(), c.InterT(), k.hi-k.lo
	z, wide, act, out := s.a[:rows*p], s.wide[:rows*2*inter], s.act[:rows*inter], s.b[:rows*p]
	t.gather(z, k)
	kernels.MatMulT(wide, 2*inter, z, p, rows, w.gateUpT)
	kernels.SwiGLU(act, wide, inter)
	kernels.MatMulT(out, p, act, inter, rows, w.downT)
	t.traceData("mlp_t_out", k, out)
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
