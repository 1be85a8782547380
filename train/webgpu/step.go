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
	if len(in.LastStep) != t.spec.Lanes {
		return fmt.Errorf("%w: LastStep of %d lanes, want %d", train.ErrState, len(in.LastStep), t.spec.Lanes)
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
	last := make([]uint32, t.spec.Lanes)
	for i, l := range in.LastStep {
		if l {
			last[i] = 1
		}
	}
	return gpu.Write(t.last, 0, last)
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
		t.gpu.Start(t.z.ZH.All(), t.z.ZL.All(), t.freshLanes.All(), t.inits.All(), len(t.fresh), t.heads)
	}
	t.embed()
	if err := t.segment(ctx, &t.z, t.saved); err != nil {
		return err
	}
	t.gpu.QHead(t.q.All(), 0, t.z.ZH.All(), t.param("q_head.weight"), t.param("q_head.bias"), t.heads)
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
	t.gpu.Embed(t.z.X.All(), e, t.heads)
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
	t.gpu.QHead(t.qNext.All(), 0, t.next.ZH.All(), t.param("q_head.weight"), t.param("q_head.bias"), t.heads)
	return nil
}

// loss records the heads, the losses, and the gradient g of zH.
func (t *Device) loss() {
	c, d, h := &t.spec.Config, t.gpu, t.heads
	rows := h.Lanes * h.P
	lm := gpu.Operand{View: t.param("lm_head.weight"), Stride: h.D}
	d.MatMul(gpu.Linear(t.logits, t.z.ZH, lm, rows, h.Vocab))
	d.CrossEntropy(t.tok.All(), t.dLogits.All(), t.logits.All(), t.labels.All(), t.weight.All(), t.spec.Loss == train.Softmax, h)
	q := gpu.QLoss{Q: t.q.All(), Labels: t.labels.All(), Tok: t.tok.All(), Out: t.result.All(), DQ: t.dq.All(), InvBatch: 1 / float64(t.spec.BatchSize())}
	if c.Family == runtime.HRM {
		q.Next, q.Last = t.qNext.All(), t.last.All()
	}
	d.QLoss(q, h)
	t.linearBack(t.g, t.dLogits, t.z.ZH, lm, gpu.Operand{View: t.gradient("lm_head.weight"), Stride: h.D}, rows, h.Vocab, false)
	d.QHeadBack(t.g.All(), t.gradient("q_head.weight"), t.gradient("q_head.bias"), t.dq.All(), t.z.ZH.All(), t.param("q_head.weight"), h)
}

// embedBack records the gradients of the embeddings and the puzzle table's
// rows, from dx, which is scaled already.
func (t *Device) embedBack() {
	c, h := &t.spec.Config, t.heads
	rows := h.Lanes * h.P
	t.gpu.MatMulSplit(gpu.MatMul{
		M: h.Vocab, N: h.D, K: rows, C: t.gradient("embed_tokens.embedding_weight"), CStride: h.D,
		A: gpu.Operand{View: t.tokens.All(), Kind: gpu.KindOneHot},
		B: gpu.Operand{View: t.dx.All(), Stride: h.D, KMajor: true},
	}, t.split.All())
	if c.Positions == runtime.Learned {
		n := h.P * h.D
		t.gpu.Sum(t.gradient("embed_pos.embedding_weight"), t.dx.All(), gpu.Sum{N: n, Parts: h.Lanes, Stride: n, Scale: 1, Add: true})
	}
}
