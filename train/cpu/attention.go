package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

func (d *Device) attentionMemory(a *acts, rows int, _ bool) {
	c := &d.config
	if d.spec.BF16 {
		a.qkv16, a.ctx16 = make([]kernels.BF16, rows*3*c.Hidden), make([]kernels.BF16, rows*c.Hidden)
		a.stats = make([]float32, 2*c.Heads*rows)
		return
	}
	a.qkv, a.ctx = make([]float32, rows*3*c.Hidden), make([]float32, rows*c.Hidden)
}

// attend sets a.y = norm(x + o(Attention(x))).
func (w *worker) attend(l *layer, a *acts) {
	if w.bf16 != nil {
		w.attendBF16(l, a)
	} else {
		d := w.d.config.Hidden
		l.QKV.forward(a.qkv, a.x, w.rows, &w.rounding)
		w.rotate(a.qkv, kernels.Rope)
		for lane := range w.lanes {
			r := w.starts[lane]
			w.attentionF32(lane).Forward(a.ctx[r*d:], a.qkv[r*3*d:], l.bias)
		}
		l.O.forward(w.tmp, a.ctx, w.rows, &w.rounding)
	}
	w.addNorm(a, w.tmp, 0, w.rows)
}

func (w *worker) attendBF16(l *layer, a *acts) {
	d, heads := w.d.config.Hidden, w.d.config.Heads
	kernels.MatMulTRoundBF16(a.qkv16, 3*d, a.x16, d, w.rows, &l.QKV.forth)
	w.rotateBF16(a.qkv16, kernels.Rope)
	for lane := range w.lanes {
		r := w.starts[lane]
		w.attentionBF16(lane).Forward(a.ctx16[r*d:], a.stats[2*r*heads:], a.qkv16[r*3*d:], l.bias)
	}
	kernels.MatMulTBF16(w.tmp, d, a.ctx16, d, w.rows, &l.O.forth, false)
}

func (w *worker) attendBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	if w.bf16 != nil {
		w.attendBackBF16(l, g, a, dy)
		return
	}
	d := w.d.config.Hidden
	w.addNormBack(dy[:w.rows*d], nil, a, 0, w.rows)
	l.O.backward(w.tmp, g.O, dy, a.ctx, w.rows, false, &w.rounding)
	for lane := range w.lanes {
		r := w.starts[lane]
		w.attentionF32(lane).Back(w.dWide[r*3*d:], g.bias, w.tmp[r*d:], a.qkv[r*3*d:], l.bias)
	}
	w.rotate(w.dWide, kernels.RopeBack)
	l.QKV.backward(dy, g.QKV, w.dWide, a.x, w.rows, true, &w.rounding)
}

func (w *worker) attendBackBF16(l *layer, g *layerGrad, a *acts, dy []float32) {
	d, heads, rows, s := w.d.config.Hidden, w.d.config.Heads, w.rows, w.bf16
	w.addNormBack(dy[:rows*d], s.dY, a, 0, rows)
	kernels.MatMulTRoundBF16(s.dCtx, d, s.dY, d, rows, &l.O.back)
	l.O.addOuter(g.O, s.dY, a.ctx16, rows, &w.rounding)
	for lane := range w.lanes {
		r := w.starts[lane]
		w.attentionBF16(lane).Back(s.dQKV[r*3*d:], g.bias, s.dCtx[r*d:], a.stats[2*r*heads:], a.qkv16[r*3*d:], l.bias)
	}
	w.rotateBF16(s.dQKV, kernels.RopeBack)
	kernels.MatMulTBF16(dy, d, s.dQKV, 3*d, rows, &l.QKV.back, true)
	l.QKV.addOuter(g.QKV, s.dQKV, a.x16, rows, &w.rounding)
}

// attentionF32 returns the attention over a lane's positions.
func (w *worker) attentionF32(lane int) *kernels.AttentionF32 {
	p := w.starts[lane+1] - w.starts[lane]
	return reuse.Remembered(&w.f32, p, func() *kernels.AttentionF32 { return kernels.NewAttentionF32(w.d.attentionShape(p)) })
}

func (w *worker) attentionBF16(lane int) *kernels.AttentionBF16 {
	p := w.starts[lane+1] - w.starts[lane]
	return reuse.Remembered(&w.bf16.attention, p, func() *kernels.AttentionBF16 { return kernels.NewAttentionBF16(w.d.attentionShape(p)) })
}

func (d *Device) attentionShape(p int) kernels.AttentionShape {
	return kernels.AttentionShape{P: p, Heads: d.config.Heads, Dim: d.config.HeadDim()}
}

// angles are the cosines and sines of a grid, [P, headDim/2].
type angles struct{ cos, sin []float32 }

// rotate applies Rope or RopeBack to every q and k of a qkv buffer.
func (w *worker) rotate(qkv []float32, rope func(x, cos, sin []float32)) {
	d := w.d.config.Hidden
	w.eachPosition(func(row, at int, a *angles) { w.rotateRow(qkv[row*3*d:row*3*d+2*d], at, a, rope) })
}

// rotateBF16 is rotate for rounded numbers.
func (w *worker) rotateBF16(qkv []kernels.BF16, rope func(x, cos, sin []float32)) {
	d := w.d.config.Hidden
	w.eachPosition(func(r, at int, a *angles) {
		row, wide := qkv[r*3*d:r*3*d+2*d], w.tmp[:2*d]
		kernels.ExpandBF16(wide, row)
		w.rotateRow(wide, at, a, rope)
		kernels.RoundBF16(row, wide)
	})
}

// eachPosition calls f with every row of a group, its position in its lane, and the
// angles there, where positions turn.
func (w *worker) eachPosition(f func(row, at int, a *angles)) {
	c := &w.d.config
	if !w.d.turns {
		return
	}
	for lane := range w.lanes {
		s := w.shapes[lane]
		a := reuse.Remembered(&w.angles, s, func() *angles {
			cos, sin := c.RopeTable(s)
			return &angles{cos, sin}
		})
		for row := w.starts[lane]; row < w.starts[lane+1]; row++ {
			f(row, row-w.starts[lane], a)
		}
	}
}

// rotateRow rotates the heads of q and k of a row.
func (w *worker) rotateRow(qk []float32, at int, a *angles, rope func(x, cos, sin []float32)) {
	hd := w.d.config.HeadDim()
	cos, sin := a.cos[at*(hd/2):(at+1)*(hd/2)], a.sin[at*(hd/2):(at+1)*(hd/2)]
	for ; len(qk) > 0; qk = qk[hd:] {
		rope(qk[:hd], cos, sin)
	}
}

// spread sets bias[h, i, j] = relation[h, class of (i, j)].
func (l *layer) spread(classes []uint8) {
	for h := 0; h*len(classes) < len(l.bias); h++ {
		row := l.RelationBias.w[h*runtime.NumRelations : (h+1)*runtime.NumRelations]
		for i, class := range classes {
			l.bias[h*len(classes)+i] = row[class]
		}
	}
}

// gather adds the gradient of the spread bias to that of the relation bias.
func (g *layerGrad) gather(classes []uint8) {
	for h := 0; h*len(classes) < len(g.bias); h++ {
		row := g.RelationBias[h*runtime.NumRelations : (h+1)*runtime.NumRelations]
		for i, class := range classes {
			row[class] += g.bias[h*len(classes)+i]
		}
	}
}
