package cpu

import "github.com/hrmgo/hrm/kernels"

// blockRows is how many rows the SwiGLU takes at a time: their gates and ups stay
// in the second-level cache.
const blockRows = 96

func (d *Device) swiGLUMemory(a *acts, rows int, saved bool) {
	inter := d.config.Inter()
	if !d.spec.BF16 {
		a.gu, a.act = make([]float32, rows*2*inter), make([]float32, rows*inter)
	} else if saved {
		a.gu16 = make([]kernels.BF16, rows*2*inter)
	}
}

// feedForward sets a.y = norm(x + down . (silu(gate . x) * up . x)).
func (w *worker) feedForward(l *layer, a *acts) {
	for lo := 0; lo < w.rows; lo += blockRows {
		hi := min(lo+blockRows, w.rows)
		if w.bf16 != nil {
			w.feedForwardBF16(l, a, lo, hi)
		} else {
			w.feedForwardF32(l, a, lo, hi)
		}
		w.addNorm(a, w.tmp, lo, hi)
	}
}

// feedForwardF32 sets tmp to the SwiGLU of rows [lo, hi).
func (w *worker) feedForwardF32(l *layer, a *acts, lo, hi int) {
	d, inter, m := w.d.config.Hidden, w.d.config.Inter(), hi-lo
	gu, act := a.gu[lo*2*inter:hi*2*inter], a.act[lo*inter:hi*inter]
	l.GateUp.forward(gu, a.x[lo*d:hi*d], m, &w.rounding)
	kernels.SwiGLU(act, gu, inter)
	l.Down.forward(w.tmp, act, m, &w.rounding)
}

// feedForwardBF16 is feedForwardF32 with Spec.BF16.
func (w *worker) feedForwardBF16(l *layer, a *acts, lo, hi int) {
	d, inter, m := w.d.config.Hidden, w.d.config.Inter(), hi-lo
	gu, act := w.bf16.gu[:m*2*inter], w.bf16.act[:m*inter]
	if a.gu16 != nil {
		gu = a.gu16[lo*2*inter : hi*2*inter]
	}
	kernels.MatMulTRoundBF16(gu, 2*inter, a.x16[lo*d:], d, m, &l.GateUp.forth)
	kernels.SwiGLUBF16(act, gu, inter)
	kernels.MatMulTBF16(w.tmp, d, act, inter, m, &l.Down.forth, false)
}

func (w *worker) feedForwardBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	for lo := 0; lo < w.rows; lo += blockRows {
		hi := min(lo+blockRows, w.rows)
		if w.bf16 != nil {
			w.feedForwardBackBF16(l, a, dy, lo, hi)
		} else {
			w.feedForwardBackF32(l, g, a, dy, lo, hi)
		}
	}
	if s := w.bf16; s != nil {
		l.Down.addOuter(g.Down, s.dDown, s.act, w.rows, &w.rounding)
		l.GateUp.addOuter(g.GateUp, s.dGateUp, a.x16, w.rows, &w.rounding)
	}
}

// feedForwardBackF32 is feedForwardBack for rows [lo, hi).
func (w *worker) feedForwardBackF32(l *layer, g *layerGrad, a *acts, dy []float32, lo, hi int) {
	d, inter, m := w.d.config.Hidden, w.d.config.Inter(), hi-lo
	dy = dy[lo*d : hi*d]
	w.addNormBack(dy, nil, a, lo, hi)
	l.Down.backward(w.dAct, g.Down, dy, a.act[lo*inter:hi*inter], m, false, &w.rounding)
	kernels.SwiGLUBack(w.dWide, w.dAct[:m*inter], a.gu[lo*2*inter:hi*2*inter], inter)
	l.GateUp.backward(dy, g.GateUp, w.dWide, a.x[lo*d:hi*d], m, true, &w.rounding)
}

// feedForwardBackBF16 is feedForwardBackF32 with Spec.BF16; gradients of weights are
// left to one sum over all rows.
func (w *worker) feedForwardBackBF16(l *layer, a *acts, dy []float32, lo, hi int) {
	d, inter, m, s := w.d.config.Hidden, w.d.config.Inter(), hi-lo, w.bf16
	dy, dAct := dy[lo*d:hi*d], s.dAct[:m*inter]
	dDown, dGateUp := s.dDown[lo*d:], s.dGateUp[lo*2*inter:]
	w.addNormBack(dy, dDown, a, lo, hi)
	kernels.MatMulTRoundBF16(dAct, inter, dDown, d, m, &l.Down.back)
	kernels.SwiGLUBackBF16(dGateUp, s.act[lo*inter:], dAct, a.gu16[lo*2*inter:hi*2*inter], inter)
	kernels.MatMulTBF16(dy, d, dGateUp, 2*inter, m, &l.GateUp.back, true)
}
