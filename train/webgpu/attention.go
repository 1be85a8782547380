package webgpu

import "github.com/hrmgo/hrm/gpu"

// attendBack is the backward pass of y = rms(x + o . Attention(x)).
func (t *Device) attendBack(w, dw *gpu.Layer, a *gpu.Acts) {
	rows, width := t.lanes.Rows(), t.spec.Config.Hidden
	t.normBack(a)
	t.linearBack(t.dCtx, t.g, a.Ctx, w.O, dw.O, rows, width, false)
	b := gpu.Back{DQKV: t.dWide.All(), DBias: dw.RelationBias.View, DCtx: t.dCtx.All(), Ctx: a.Ctx.All(), Stats: a.Stats.All(), QKV: a.QKV.All(), Bias: w.RelationBias.View}
	if t.drel != nil {
		b.Drel = t.drel.All()
	}
	t.net.Attention.Back(t.gpu, b, t.lanes)
	t.linearBack(t.g, t.dWide, a.In, w.QKV, dw.QKV, rows, 3*width, true)
}
