package webgpu

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// Step does one optimizer step: all of it is recorded, submitted in pieces as
// it is, and then waited for in the one read-back of the results.
func (t *Device) Step(ctx context.Context, in *train.StepIn, out *train.StepOut) error {
	if err := t.prepare(in); err != nil {
		return err
	}
	if err := t.record(ctx, in); err != nil {
		t.gpu.Drop()
		return err
	}
	if err := gpu.Read(t.gpu, t.out, t.result, 0); err != nil {
		return fmt.Errorf("train/webgpu: step %d: %w", in.Step, err)
	}
	t.deliver(out)
	return nil
}

// prepare sends what the host decided.
func (t *Device) prepare(in *train.StepIn) error {
	if len(in.Segment) != t.spec.Lanes {
		return fmt.Errorf("%w: Segment of %d lanes, want %d", train.ErrState, len(in.Segment), t.spec.Lanes)
	}
	t.changed, t.fresh = false, t.fresh[:0]
	for i := range in.Refill {
		if err := t.refill(&in.Refill[i]); err != nil {
			return err
		}
	}
	if t.changed {
		if err := firstError(t.send(), gpu.Write(t.freshLanes, 0, t.fresh)); err != nil {
			return err
		}
	}
	c, lanes := &t.spec.Config, t.spec.Lanes
	last, weight := make([]uint32, lanes), make([]float32, lanes)
	for lane := range lanes {
		if in.Last(c, lane) {
			last[lane] = 1
		}
		n := train.CountAsked(t.host.LaneLabels(c, lane), t.host.LaneTokens(c, lane), in.Segment[lane])
		weight[lane] = float32(1 / (float64(max(1, n)) * float64(t.spec.BatchSize())))
	}
	return firstError(gpu.Write(t.last, 0, last), gpu.Write(t.weight, 0, weight), gpu.Write(t.segments, 0, in.Segment))
}

// deliver turns the read-back into out.
func (t *Device) deliver(out *train.StepOut) {
	out.Resize(t.spec.Lanes)
	for lane := range t.spec.Lanes {
		r := t.out[8*lane:]
		out.LM[lane], out.QHalt[lane], out.QContinue[lane], out.QTarget[lane] = r[0], r[1], r[2], r[3]
		out.Correct[lane], out.Labelled[lane] = int32(r[4]), int32(r[5])
	}
	out.GradNorm = float64(t.out[8*t.spec.Lanes])
}

func (t *Device) record(ctx context.Context, in *train.StepIn) error {
	if len(t.fresh) > 0 {
		t.gpu.Start(t.z.ZH.All(), t.z.ZL.All(), t.freshLanes.All(), t.inits.All(), len(t.fresh), t.positions())
	}
	t.embed()
	if err := t.segment(ctx, &t.z, t.saved); err != nil {
		return err
	}
	t.halting(t.q, t.z.ZH)
	if t.next.ZH != nil {
		if err := t.target(ctx); err != nil {
			return err
		}
	}
	t.gpu.Clear(t.grad.All())
	t.loss()
	if err := t.segmentBack(ctx); err != nil {
		return err
	}
	t.embedBack()
	t.update(in)
	return ctx.Err()
}

func (t *Device) param(name string) gpu.View {
	v, _ := t.view(t.params, name)
	return v
}

func (t *Device) gradient(name string) gpu.View {
	v, _ := t.view(t.grad, name)
	return v
}

// embed records the input embedding of all lanes.
func (t *Device) embed() {
	c := &t.spec.Config
	e := gpu.Embed{Tokens: t.tokens.All(), Table: t.param("embed_tokens.embedding_weight"), PuzzleDim: c.PuzzleEmbDim, Scale: t.embedScale()}
	if c.Positions == runtime.Learned {
		e.Pos = t.param("embed_pos.embedding_weight")
	}
	if t.puzzle != nil {
		e.IDs, e.Puzzle = t.ids.All(), t.puzzle.All()
	}
	if c.ByCandidate() {
		t.gpu.Roles(t.roles.All(), t.tokens.All(), c, t.lanes, t.heads)
		e.Tokens = t.roles.All()
	}
	t.gpu.Embed(t.z.X.All(), e, t.positions())
}

// positions are the heads' shapes for what goes over all positions.
func (t *Device) positions() gpu.Heads {
	h := t.heads
	h.P = t.lanes.P
	return h
}

// segment records the passes of a segment on z, which save the activations of those
// that are to be differentiated. Each pass is submitted by itself: the GPU works while
// the next is recorded.
func (t *Device) segment(ctx context.Context, z *gpu.Carry, saved []*gpu.Saved) error {
	for i, pass := range t.spec.Config.Passes() {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.net.Pass(pass.Level, t.levels[pass.Level], z, saved[i], t.lanes)
		if err := t.gpu.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// target records the segment after, without gradient, and its halting values.
func (t *Device) target(ctx context.Context) error {
	t.gpu.Copy(t.next.ZH.All(), t.z.ZH.All())
	t.gpu.Copy(t.next.ZL.All(), t.z.ZL.All())
	if err := t.segment(ctx, &t.next, make([]*gpu.Saved, len(t.saved))); err != nil {
		return err
	}
	t.halting(t.qNext, t.next.ZH)
	return nil
}

// halting records the halting values of all lanes.
func (t *Device) halting(q, zH *gpu.Buffer) {
	w, bias := t.param("q_head.weight"), t.param("q_head.bias")
	if t.spec.Config.HaltPool == runtime.SoftMin {
		t.gpu.QPool(q.All(), 0, zH.All(), w, bias, t.lanes, t.heads)
	} else {
		t.gpu.QHead(q.All(), 0, zH.All(), w, bias, t.heads)
	}
}

// haltingBack records the gradient of what halting recorded for t.q.
func (t *Device) haltingBack() {
	d, h, w := t.gpu, t.heads, t.param("q_head.weight")
	dw, dbias := t.gradient("q_head.weight"), t.gradient("q_head.bias")
	if t.spec.Config.HaltPool != runtime.SoftMin {
		d.QHeadBack(t.g.All(), dw, dbias, t.dq.All(), t.z.ZH.All(), w, h)
		return
	}
	d.QPoolBack(gpu.QPoolBack{
		DQ: t.dq.All(), Q: t.q.All(), Z: t.z.ZH.All(), W: w, Bias: t.param("q_head.bias"), DZ: t.g.All(), DTok: t.dTok.All(),
	}, t.lanes, h)
	d.MatMulSplit(gpu.MatMul{M: 2, N: h.D, K: t.lanes.Rows(), A: columnsOf(t.dTok, 2), B: columnsOf(t.z.ZH, h.D), C: dw, CStride: h.D}, t.split.All())
	d.Sum(dbias, t.dq.All(), gpu.Sum{N: 2, Parts: h.Lanes, Stride: 2, Scale: 1, Add: true})
}

// loss records the heads, the losses, and the gradient g of zH.
func (t *Device) loss() {
	d, h := t.gpu, t.heads
	t.say()
	d.CrossEntropy(t.tok.All(), t.dLogits.All(), t.logits.All(), t.labels.All(), t.tokens.All(), t.weight.All(), t.segments.All(), t.spec.Loss == train.Softmax, h)
	q := gpu.QLoss{Q: t.q.All(), Labels: t.labels.All(), Tok: t.tok.All(), Weight: t.weight.All(), Out: t.result.All(), DQ: t.dq.All(), InvBatch: 1 / float64(t.spec.BatchSize())}
	if t.spec.Continues() {
		q.Next, q.Last = t.qNext.All(), t.last.All()
	}
	d.QLoss(q, h)
	t.sayBack()
	t.haltingBack()
}

// embedBack records the gradients of the embeddings and the puzzle table's
// rows, from dx, which is scaled already.
func (t *Device) embedBack() {
	c, h, tokens := &t.spec.Config, t.heads, t.tokens
	if c.ByCandidate() {
		tokens = t.roles
	}
	t.gpu.MatMulSplit(gpu.MatMul{
		M: c.Embeddings(), N: h.D, K: t.lanes.Rows(), C: t.gradient("embed_tokens.embedding_weight"), CStride: h.D,
		A: gpu.Operand{View: tokens.All(), Kind: gpu.KindOneHot},
		B: gpu.Operand{View: t.dx.All(), Stride: h.D, KMajor: true},
	}, t.split.All())
	if c.Positions == runtime.Learned {
		n := h.P * h.D
		t.gpu.Sum(t.gradient("embed_pos.embedding_weight"), t.dx.All(), gpu.Sum{N: n, Parts: h.Lanes, Stride: n, Scale: 1, Add: true})
	}
}
