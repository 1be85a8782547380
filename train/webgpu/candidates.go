package webgpu

import "github.com/hrmgo/hrm/gpu"

// mixCandidatesBack is the backward pass of y = rms(x + means over the candidates of x).
func (t *Device) mixCandidatesBack(w, dw *gpu.Layer, a *gpu.Acts) {
	c := gpu.Candidates{D: t.spec.Config.Hidden}
	t.normBack(a)
	c.Gather(t.gpu, t.dWide.All(), t.g.All(), t.lanes)
	for i, m := range [...][2]gpu.Operand{{w.Lines, dw.Lines}, {w.Box, dw.Box}, {w.Cell, dw.Cell}} {
		dy, rows := c.Part(t.dWide, i, t.lanes)
		x, _ := c.Part(a.Units, i, t.lanes)
		dx, _ := c.Part(t.dUnits, i, t.lanes)
		t.viewsBack(dx, dy, x, m[0], m[1], rows, c.D, false)
	}
	c.SpreadBack(t.gpu, t.g.All(), t.dUnits.All(), t.lanes)
}

// say records the logits of tokens, by those of their candidates where positions are
// those, and sayBack the gradients of zH, in g, and of the head.
func (t *Device) say() {
	c, rows, lm := &t.spec.Config, t.lanes.Rows(), t.head(t.params)
	if !c.ByCandidate() {
		t.gpu.MatMul(gpu.Linear(t.logits, t.z.ZH, lm, rows, c.VocabSize))
		return
	}
	t.gpu.MatMul(gpu.Linear(t.candidates, t.z.ZH, lm, rows, 1))
	t.gpu.Say(t.logits.All(), t.candidates.All(), c, t.lanes, t.heads)
}

func (t *Device) sayBack() {
	c, dLogits := &t.spec.Config, t.dLogits
	if c.ByCandidate() {
		dLogits = t.candidates
		t.gpu.SayBack(dLogits.All(), t.dLogits.All(), c, t.lanes, t.heads)
	}
	t.linearBack(t.g, dLogits, t.z.ZH, t.head(t.params), t.head(t.grad), t.lanes.Rows(), c.Outputs(), false)
}

// head is the head for logits in a flat buffer.
func (t *Device) head(b *gpu.Buffer) gpu.Operand {
	v, _ := t.view(b, "lm_head.weight")
	return gpu.Operand{View: v, Stride: t.spec.Config.Hidden}
}
