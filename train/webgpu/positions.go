package webgpu

import "github.com/hrmgo/hrm/gpu"

// mixPositionsBack is the backward pass of the SwiGLU over positions.
func (t *Device) mixPositionsBack(w, dw *gpu.Layer, a *gpu.Acts) {
	c, d := &t.spec.Config, t.gpu
	lanes, p, width, inter := t.lanes.N, t.lanes.P, c.Hidden, c.InterT()
	d.RMSNormColsBack(t.g2.All(), a.Y.All(), a.Inv.All(), t.g.All(), lanes, p, width)
	t.swap()

	out := columnsOf(t.g, width) // per lane [P, D], the reduction over P
	out.Batch = p * width
	d.MatMul(gpu.MatMul{
		M: inter, N: width, K: p, A: transposed(w.DownT), B: out, Batch: lanes,
		C: t.dWide.All(), CStride: width, CBatch: 2 * inter * width, GateUp: a.GateUpT.All(), CUp: inter * width,
	})
	act := t.net.ActivationOfT(a)
	act.KMajor, act.Batch, act.Repeat = false, 0, 2*inter*width
	d.MatMulSplit(gpu.MatMul{M: p, N: inter, K: width, Reps: lanes, A: repeated(t.g, width, p*width), B: act, C: dw.DownT.View, CStride: inter}, t.split.All())

	d.MatMulSplit(gpu.MatMul{M: 2 * inter, N: p, K: width, Reps: lanes, A: repeated(t.dWide, width, 2*inter*width), B: repeated(a.In, width, p*width), C: dw.GateUpT.View, CStride: p}, t.split.All())
	wide := columnsOf(t.dWide, width)
	wide.Batch = 2 * inter * width
	d.MatMul(gpu.MatMul{M: p, N: width, K: 2 * inter, A: transposed(w.GateUpT), B: wide, Batch: lanes, C: t.g.All(), CStride: width, CBatch: p * width, Add: true})
}
