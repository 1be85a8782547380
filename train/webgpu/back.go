package webgpu

import (
	"context"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
)

// segmentBack turns g, the gradient of the last zH, into dx, that of the input
// embedding. Only the last H pass and L passes right before it are
// differentiated, so one gradient flows through them: that of H's result
// becomes that of zL, and every L pass adds its own to dx.
func (t *Device) segmentBack(ctx context.Context) error {
	passes := t.spec.Config.Passes()
	n := t.spec.Lanes * t.spec.Config.P() * t.spec.Config.Hidden
	first := true
	for i := len(passes) - 1; i >= 0 && passes[i].Grad; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		level := passes[i].Level
		for j := len(t.saved[i]) - 1; j >= 0; j-- {
			t.blockBack(&t.levels[level][j], &t.grads[level][j], t.saved[i][j])
			if err := t.gpu.Flush(); err != nil {
				return err
			}
		}
		if level == runtime.L {
			t.gpu.Sum(t.dx.All(), t.g.All(), gpu.Sum{N: n, Parts: 1, Scale: t.embedScale(), Add: !first})
			first = false
		}
	}
	return nil
}

// blockBack turns g from the gradient of a block's output into that of its
// input, and adds to the gradients of its weights.
func (t *Device) blockBack(w, dw *gpu.Layer, s *saved) {
	c, d := &t.spec.Config, t.gpu
	rows, width, inter := t.spec.Lanes*c.P(), c.Hidden, c.Inter()
	d.RMSNormBack(t.g2.All(), s.Y.All(), s.Inv2.All(), t.g.All(), rows, width)
	d.MatMul(gpu.MatMul{
		M: rows, N: inter, K: width, A: rowsOf(t.g2, width), B: transposed(w.Down),
		C: t.dWide.All(), CStride: 2 * inter, GateUp: s.GateUp.All(), CUp: inter,
	})
	d.MatMulSplit(gpu.MatMul{M: width, N: inter, K: rows, A: columnsOf(t.g2, width), B: columnsOf(s.Act, inter), C: dw.Down.View, CStride: inter}, t.split.All())
	t.linearBack(t.g2, t.dWide, s.H1, w.GateUp, dw.GateUp, rows, 2*inter, true)
	if c.Has(runtime.PositionSwiGLU) {
		t.mixBack(w, dw, s)
		return
	}
	d.RMSNormBack(t.g.All(), s.H1.All(), s.Inv1.All(), t.g2.All(), rows, width)
	t.linearBack(t.dCtx, t.g, s.Ctx, w.O, dw.O, rows, width, false)
	b := gpu.Back{DQKV: t.dWide.All(), DBias: dw.RelationBias.View, DCtx: t.dCtx.All(), Ctx: s.Ctx.All(), Stats: s.Stats.All(), QKV: s.QKV.All(), Bias: w.RelationBias.View}
	if t.drel != nil {
		b.Drel = t.drel.All()
	}
	t.net.Attention.Back(d, b, t.spec.Lanes)
	t.linearBack(t.g, t.dWide, s.in, w.QKV, dw.QKV, rows, 3*width, true)
}

// linearBack records, for y [rows, out] = x . w^T with gradient dy,
// dx (+)= dy . w and dw += dy^T . x.
func (t *Device) linearBack(dx, dy, x *gpu.Buffer, w, dw gpu.Operand, rows, out int, add bool) {
	in := w.Stride
	t.gpu.MatMul(gpu.MatMul{M: rows, N: in, K: out, A: rowsOf(dy, out), B: transposed(w), C: dx.All(), CStride: in, Add: add})
	t.gpu.MatMulSplit(gpu.MatMul{M: out, N: in, K: rows, A: columnsOf(dy, out), B: columnsOf(x, in), C: dw.View, CStride: in}, t.split.All())
}

// mixBack is the backward pass of the SwiGLU over positions, from g2, the
// gradient of h1, to g, that of the block's input.
func (t *Device) mixBack(w, dw *gpu.Layer, s *saved) {
	c, d := &t.spec.Config, t.gpu
	lanes, p, width, inter := t.spec.Lanes, c.P(), c.Hidden, c.InterT()
	d.RMSNormColsBack(t.g.All(), s.H1.All(), s.Inv1.All(), t.g2.All(), lanes, p, width)

	out := columnsOf(t.g, width) // per lane [P, D], the reduction over P
	out.Batch = p * width
	d.MatMul(gpu.MatMul{
		M: inter, N: width, K: p, A: transposed(w.DownT), B: out, Batch: lanes,
		C: t.dWide.All(), CStride: width, CBatch: 2 * inter * width, GateUp: s.GateUpT.All(), CUp: inter * width,
	})
	act := t.net.ActivationOfT(s.Acts)
	act.KMajor, act.Batch, act.Repeat = false, 0, 2*inter*width
	d.MatMulSplit(gpu.MatMul{M: p, N: inter, K: width, Reps: lanes, A: repeated(t.g, width, p*width), B: act, C: dw.DownT.View, CStride: inter}, t.split.All())

	d.MatMulSplit(gpu.MatMul{M: 2 * inter, N: p, K: width, Reps: lanes, A: repeated(t.dWide, width, 2*inter*width), B: repeated(s.in, width, p*width), C: dw.GateUpT.View, CStride: p}, t.split.All())
	wide := columnsOf(t.dWide, width)
	wide.Batch = 2 * inter * width
	d.MatMul(gpu.MatMul{M: p, N: width, K: 2 * inter, A: transposed(w.GateUpT), B: wide, Batch: lanes, C: t.g.All(), CStride: width, CBatch: p * width, Add: true})
}

// rowsOf is b [rows, n] reduced over its columns.
func rowsOf(b *gpu.Buffer, n int) gpu.Operand { return gpu.Operand{View: b.All(), Stride: n} }

// columnsOf is b [rows, n] reduced over its rows.
func columnsOf(b *gpu.Buffer, n int) gpu.Operand {
	return gpu.Operand{View: b.All(), Stride: n, KMajor: true}
}

// repeated is rowsOf each lane, the reduction going over all lanes.
func repeated(b *gpu.Buffer, n, lane int) gpu.Operand {
	return gpu.Operand{View: b.All(), Stride: n, Repeat: lane}
}

// transposed is a weight reduced over its rows.
func transposed(w gpu.Operand) gpu.Operand {
	w.KMajor = true
	return w
}
