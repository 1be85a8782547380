package webgpu

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// back is the backward pass of a kind of sublayer: it turns g from the gradient of
// a.Y into that of a.In, and adds to the gradients of its weights. Each kind has a
// file of its own; the forward passes are those of package gpu.
var back = [...]func(t *Device, w, dw *gpu.Layer, a *gpu.Acts){
	runtime.Convolution:    (*Device).convolveBack,
	runtime.Attention:      (*Device).attendBack,
	runtime.PositionSwiGLU: (*Device).mixPositionsBack,
	runtime.CandidateMeans: (*Device).mixCandidatesBack,
	runtime.SwiGLU:         (*Device).feedForwardBack,
}

// supported reports a sublayer that has no code here, wrapping train.ErrUnsupported.
func supported(c *runtime.Config) error {
	for _, s := range c.Sublayers() {
		if int(s) >= len(back) || back[s] == nil {
			return fmt.Errorf("%v: %w", s, train.ErrUnsupported)
		}
	}
	return nil
}

// segmentBack turns g, the gradient of the last zH, into dx, that of the input
// embedding. Only the last H pass and L passes right before it are
// differentiated, so one gradient flows through them: that of H's result
// becomes that of zL, and every L pass adds its own to dx.
func (t *Device) segmentBack(ctx context.Context) error {
	passes := t.spec.Config.Passes()
	n := t.lanes.Rows() * t.spec.Config.Hidden
	first := true
	for i := len(passes) - 1; i >= 0 && passes[i].Grad; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		level := passes[i].Level
		for j := len(t.saved[i].Layers) - 1; j >= 0; j-- {
			t.blockBack(&t.levels[level][j], &t.grads[level][j], t.saved[i].Layers[j])
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
func (t *Device) blockBack(w, dw *gpu.Layer, layer []*gpu.Acts) {
	kinds := t.spec.Config.Sublayers()
	for i := len(kinds) - 1; i >= 0; i-- {
		back[kinds[i]](t, w, dw, layer[i])
	}
}

// normBack turns g from the gradient of a.Y = rms(a.In + s) into that of a.In and of s
// alike.
func (t *Device) normBack(a *gpu.Acts) {
	t.gpu.RMSNormBack(t.g2.All(), a.Y.All(), a.Inv.All(), t.g.All(), t.lanes.Rows(), t.spec.Config.Hidden)
	t.swap()
}

// swap makes g what was written to g2.
func (t *Device) swap() { t.g, t.g2 = t.g2, t.g }

// linearBack records, for y [rows, out] = x . w^T with gradient dy,
// dx (+)= dy . w and dw += dy^T . x.
func (t *Device) linearBack(dx, dy, x *gpu.Buffer, w, dw gpu.Operand, rows, out int, add bool) {
	t.viewsBack(dx.All(), dy.All(), x.All(), w, dw, rows, out, add)
}

// viewsBack is linearBack of parts of buffers.
func (t *Device) viewsBack(dx, dy, x gpu.View, w, dw gpu.Operand, rows, out int, add bool) {
	in := w.Stride
	t.gpu.MatMul(gpu.MatMul{M: rows, N: in, K: out, A: gpu.Operand{View: dy, Stride: out}, B: transposed(w), C: dx, CStride: in, Add: add})
	t.gpu.MatMulSplit(gpu.MatMul{
		M: out, N: in, K: rows, A: gpu.Operand{View: dy, Stride: out, KMajor: true}, B: gpu.Operand{View: x, Stride: in, KMajor: true}, C: dw.View, CStride: in,
	}, t.split.All())
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
