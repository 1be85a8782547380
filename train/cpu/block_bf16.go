package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// actsBF16 are the factors of a layer's products on a group of lanes, rounded to
// bfloat16, as the forward pass leaves them for the backward pass. Sums, the
// residual stream and what is inside a norm, a softmax or a SwiGLU are float32,
// and are not kept: memory is slower than the tiles.
type actsBF16 struct {
	x, y     []kernels.BF16 // [R, D] the layer's input and result
	y1       []kernels.BF16 // [R, D]
	qkv, ctx []kernels.BF16 // [R, 3D] rotated, [R, D]; attention only
	stats    []float32      // [2 * heads * R], see kernels.AttentionBF16
	gu       []kernels.BF16 // [R, 2I]; differentiated passes only
}

func newActsBF16(c *runtime.Config, rows int, saved bool) *actsBF16 {
	numbers := func(cols int) []kernels.BF16 { return make([]kernels.BF16, rows*cols) }
	b := &actsBF16{y: numbers(c.Hidden), y1: numbers(c.Hidden)}
	if !c.MLPT {
		b.qkv, b.ctx = numbers(3*c.Hidden), numbers(c.Hidden)
		b.stats = make([]float32, 2*c.Heads*rows)
	}
	if saved {
		b.gu = numbers(2 * c.Inter())
	}
	return b
}

// scratchBF16 is a worker's memory for what is not kept, and for rounded
// gradients, rows padded to kernels.PadBF16.
type scratchBF16 struct {
	attention      *kernels.AttentionBF16
	x, y1          []float32      // [R, D]
	y              [2][]float32   // [R, D], of layers in turn
	dY, dCtx, dQKV []kernels.BF16 // [R, D], [R, D], [R, 3D]
	dDown, dGateUp []kernels.BF16 // [R, D], [R, 2I]
	act            []kernels.BF16 // [R, I]
	dAct, gu       []kernels.BF16 // [blockRows, I], [blockRows, 2I]
}

func newScratchBF16(d *Device) *scratchBF16 {
	c := &d.config
	rows := kernels.PadBF16(d.groupLanes * c.P())
	numbers := func(rows, cols int) []kernels.BF16 { return make([]kernels.BF16, rows*cols) }
	s := &scratchBF16{
		x: make([]float32, rows*c.Hidden), y1: make([]float32, rows*c.Hidden),
		dDown: numbers(rows, c.Hidden), dGateUp: numbers(rows, 2*c.Inter()),
		act: numbers(rows, c.Inter()), dAct: numbers(blockRows, c.Inter()), gu: numbers(blockRows, 2*c.Inter()),
	}
	for i := range s.y {
		s.y[i] = make([]float32, rows*c.Hidden)
	}
	if !c.MLPT {
		s.attention = kernels.NewAttentionBF16(d.shape)
		s.dY, s.dCtx, s.dQKV = numbers(rows, c.Hidden), numbers(rows, c.Hidden), numbers(rows, 3*c.Hidden)
	}
	return s
}

// canBF16 tells whether every product has pairs to reduce over.
func canBF16(c *runtime.Config) bool {
	return c.Hidden%2 == 0 && c.Inter()%2 == 0 && (c.MLPT || c.HeadDim()%2 == 0)
}

// forwardBF16 is forward with Spec.BF16.
func (w *worker) forwardBF16(l *layer, a *acts) {
	d := w.d.config.Hidden
	if w.d.config.MLPT {
		w.mixPositions(l, a)
		kernels.RoundBF16(a.bf16.y1, a.y1[:w.rows*d])
	} else {
		w.attendBF16(l, a)
	}
	for lo := 0; lo < w.rows; lo += blockRows {
		w.feedForwardBF16(l, a, lo, min(lo+blockRows, w.rows))
	}
}

// attendBF16 sets a.y1 = norm(x + o(Attention(x))).
func (w *worker) attendBF16(l *layer, a *acts) {
	d, p, heads, rows, b := w.d.config.Hidden, w.d.config.P(), w.d.config.Heads, w.rows, a.bf16
	kernels.MatMulTRoundBF16(b.qkv, 3*d, b.x, d, rows, &l.qkv.forth)
	w.rotateBF16(b.qkv, kernels.Rope)
	for r := 0; r < rows; r += p { // the first row of every lane
		w.bf16.attention.Forward(b.ctx[r*d:], b.stats[2*r*heads:], b.qkv[r*3*d:], l.bias)
	}
	kernels.MatMulTBF16(w.tmp, d, b.ctx, d, rows, &l.o.forth, false)
	kernels.ResidualNorm(a.y1, b.y1, a.inv1[:rows], a.x, w.tmp, d, w.d.eps)
}

// feedForwardBF16 sets rows [lo, hi) of a.y = norm(y1 + SwiGLU(y1)).
func (w *worker) feedForwardBF16(l *layer, a *acts, lo, hi int) {
	d, inter, m, b := w.d.config.Hidden, w.d.config.Inter(), hi-lo, a.bf16
	gu, act := w.bf16.gu[:m*2*inter], w.bf16.act[:m*inter]
	if b.gu != nil {
		gu = b.gu[lo*2*inter : hi*2*inter]
	}
	kernels.MatMulTRoundBF16(gu, 2*inter, b.y1[lo*d:], d, m, &l.gateUp.forth)
	kernels.SwiGLUBF16(act, gu, inter)
	kernels.MatMulTBF16(w.tmp, d, act, inter, m, &l.down.forth, false)
	kernels.ResidualNorm(a.y[lo*d:], b.y[lo*d:], a.inv2[lo:hi], a.y1[lo*d:], w.tmp, d, w.d.eps)
}

// feedForwardBackBF16 turns dy, the gradient of a.y, into that of y1.
func (w *worker) feedForwardBackBF16(l *layer, g *layerGrad, a *acts, dy []float32) {
	s, b := w.bf16, a.bf16
	for lo := 0; lo < w.rows; lo += blockRows {
		w.feedForwardBlockBack(l, a, dy, lo, min(lo+blockRows, w.rows))
	}
	l.down.addOuter(g.Down, s.dDown, s.act, w.rows, &w.rounding)
	l.gateUp.addOuter(g.GateUp, s.dGateUp, b.y1, w.rows, &w.rounding)
}

// feedForwardBlockBack is feedForwardBackBF16 for rows [lo, hi); gradients of
// weights are left to one sum over all rows.
func (w *worker) feedForwardBlockBack(l *layer, a *acts, dy []float32, lo, hi int) {
	d, inter, m, s := w.d.config.Hidden, w.d.config.Inter(), hi-lo, w.bf16
	dy, dAct := dy[lo*d:hi*d], s.dAct[:m*inter]
	dDown, dGateUp := s.dDown[lo*d:], s.dGateUp[lo*2*inter:]
	kernels.ResidualNormBackBF16(dy, dDown, dy, a.bf16.y[lo*d:hi*d], a.inv2[lo:hi], d)
	kernels.MatMulTRoundBF16(dAct, inter, dDown, d, m, &l.down.back)
	kernels.SwiGLUBackBF16(dGateUp, s.act[lo*inter:], dAct, a.bf16.gu[lo*2*inter:hi*2*inter], inter)
	kernels.MatMulTBF16(dy, d, dGateUp, 2*inter, m, &l.gateUp.back, true)
}

// attendBackBF16 turns dy, the gradient of a.y1, into that of a.x.
func (w *worker) attendBackBF16(l *layer, g *layerGrad, a *acts, dy []float32) {
	d, p, heads, rows := w.d.config.Hidden, w.d.config.P(), w.d.config.Heads, w.rows
	s, b := w.bf16, a.bf16
	kernels.ResidualNormBackBF16(dy, s.dY, dy, b.y1, a.inv1[:rows], d)
	kernels.MatMulTRoundBF16(s.dCtx, d, s.dY, d, rows, &l.o.back)
	l.o.addOuter(g.O, s.dY, b.ctx, rows, &w.rounding)
	for r := 0; r < rows; r += p {
		s.attention.Back(s.dQKV[r*3*d:], g.bias, s.dCtx[r*d:], b.stats[2*r*heads:], b.qkv[r*3*d:], l.bias)
	}
	w.rotateBF16(s.dQKV, kernels.RopeBack)
	kernels.MatMulTBF16(dy, d, s.dQKV, 3*d, rows, &l.qkv.back, true)
	l.qkv.addOuter(g.QKV, s.dQKV, b.x, rows, &w.rounding)
}

// rotateBF16 is rotate for rounded numbers.
func (w *worker) rotateBF16(qkv []kernels.BF16, rope func(x, cos, sin []float32)) {
	if w.d.cos == nil {
		return
	}
	d := w.d.config.Hidden
	for r := range w.rows {
		row, wide := qkv[r*3*d:r*3*d+2*d], w.tmp[:2*d]
		kernels.ExpandBF16(wide, row)
		w.rotateRow(wide, r, rope)
		kernels.RoundBF16(row, wide)
	}
}
