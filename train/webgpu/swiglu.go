package webgpu

import "github.com/hrmgo/hrm/gpu"

// feedForwardBack is the backward pass of y = rms(x + down . (silu(gate . x) * up . x)).
func (t *Device) feedForwardBack(w, dw *gpu.Layer, a *gpu.Acts) {
	rows, width, inter := t.lanes.Rows(), t.spec.Config.Hidden, t.spec.Config.Inter()
	t.normBack(a)
	t.gpu.MatMul(gpu.MatMul{
		M: rows, N: inter, K: width, A: rowsOf(t.g, width), B: transposed(w.Down),
		C: t.dWide.All(), CStride: 2 * inter, GateUp: a.GateUp.All(), CUp: inter,
	})
	t.gpu.MatMulSplit(gpu.MatMul{M: width, N: inter, K: rows, A: columnsOf(t.g, width), B: columnsOf(a.Act, inter), C: dw.Down.View, CStride: inter}, t.split.All())
	t.linearBack(t.g, t.dWide, a.In, w.GateUp, dw.GateUp, rows, 2*inter, true)
}
