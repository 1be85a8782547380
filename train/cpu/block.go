package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// layer is one block of the network, post-norm:
//
//	y1 = norm(x + Mix(x))     Mix: attention, or a SwiGLU over positions
//	y  = norm(y1 + SwiGLU(y1))
type layer struct {
	qkv, o       *linear
	gateUpT      *linear
	downT        *linear
	gateUp, down *linear
	relation     []float32 // [heads, NumRelations], a view of the parameters
	bias         []float32 // [heads, P, P], relation spread over the positions
}

func newLayer(c *runtime.Config, w train.LayerWeights, bf16 bool) layer {
	l := layer{
		qkv: newLinear(w.QKV, 3*c.Hidden, bf16), o: newLinear(w.O, c.Hidden, bf16),
		gateUpT: newLinear(w.GateUpT, 2*c.InterT(), bf16), downT: newLinear(w.DownT, c.P(), bf16),
		gateUp: newLinear(w.GateUp, 2*c.Inter(), bf16), down: newLinear(w.Down, c.Hidden, bf16),
		relation: w.RelationBias,
	}
	if l.relation != nil {
		l.bias = make([]float32, c.Heads*c.P()*c.P())
	}
	return l
}

// spread sets bias[h, i, j] = relation[h, class of (i, j)].
func (l *layer) spread(classes []uint8) {
	for h := 0; h*len(classes) < len(l.bias); h++ {
		row := l.relation[h*runtime.NumRelations : (h+1)*runtime.NumRelations]
		for i, class := range classes {
			l.bias[h*len(classes)+i] = row[class]
		}
	}
}

// layerGrad is where a shard adds the gradient of a layer.
type layerGrad struct {
	train.LayerWeights
	bias []float32 // [heads, P, P]
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

// acts are the activations of one layer on a group of lanes, rows of all lanes
// one below the other, as its backward pass needs them.
type acts struct {
	x         []float32 // [R, D], the layer's input; y of the layer before, if any
	y1, inv1  []float32 // [R, D], [R]
	y, inv2   []float32 // [R, D], [R]
	qkv, ctx  []float32 // [R, 3D] rotated, [R, D]
	gu, act   []float32 // [R, 2I], [R, I]
	guT, actT []float32 // [lanes*D, 2It], [lanes*D, It]
	xT, y1T   []float32 // [lanes*D, P]: x and y1 with positions and channels exchanged
	bf16      *actsBF16 // instead of qkv, ctx, gu and act, with Spec.BF16; x, y1 and y are then scratch
}

func newActs(c *runtime.Config, lanes int, bf16, saved bool) *acts {
	rows, d := lanes*c.P(), c.Hidden
	floats := func(n int) []float32 { return make([]float32, n) }
	a := &acts{inv1: floats(rows), inv2: floats(rows)}
	if c.MLPT {
		a.inv1 = floats(lanes * d)
		a.guT, a.actT = floats(lanes*d*2*c.InterT()), floats(lanes*d*c.InterT())
		a.xT, a.y1T = floats(rows*d), floats(rows*d)
	}
	if bf16 {
		a.bf16 = newActsBF16(c, rows, saved)
		return a
	}
	a.y1, a.y = floats(rows*d), floats(rows*d)
	if !c.MLPT {
		a.qkv, a.ctx = floats(rows*3*d), floats(rows*d)
	}
	a.gu, a.act = floats(rows*2*c.Inter()), floats(rows*c.Inter())
	return a
}

// blockRows is how many rows the SwiGLU takes at a time: their gates and ups stay
// in the second-level cache.
const blockRows = 96

// forward runs the layer on a.x and leaves its result in a.y.
func (w *worker) forward(l *layer, a *acts) {
	if w.d.spec.BF16 {
		w.forwardBF16(l, a)
		return
	}
	if w.d.config.MLPT {
		w.mixPositions(l, a)
	} else {
		w.attend(l, a)
	}
	for lo := 0; lo < w.rows; lo += blockRows {
		w.feedForward(l, a, lo, min(lo+blockRows, w.rows))
	}
}

// feedForward sets rows [lo, hi) of a.y = norm(y1 + SwiGLU(y1)).
func (w *worker) feedForward(l *layer, a *acts, lo, hi int) {
	d, inter, m := w.d.config.Hidden, w.d.config.Inter(), hi-lo
	gu, act := a.gu[lo*2*inter:hi*2*inter], a.act[lo*inter:hi*inter]
	y1 := a.y1[lo*d : hi*d]
	l.gateUp.forward(gu, y1, m, &w.rounding)
	kernels.SwiGLU(act, gu, inter)
	l.down.forward(w.tmp, act, m, &w.rounding)
	kernels.ResidualNorm(a.y[lo*d:hi*d], nil, a.inv2[lo:hi], y1, w.tmp, d, w.d.eps)
}

// attend sets a.y1 = norm(x + o(Attention(x))).
func (w *worker) attend(l *layer, a *acts) {
	d, rows := w.d.config.Hidden, w.rows
	l.qkv.forward(w.dWide, a.x, rows, &w.rounding)
	w.rotate(w.dWide, kernels.Rope)
	w.attention(a, l.bias)
	l.o.forward(w.tmp, a.ctx, rows, &w.rounding)
	kernels.ResidualNorm(a.y1, nil, a.inv1[:rows], a.x, w.tmp, d, w.d.eps)
}

// mixPositions sets a.y1 = norm(x + SwiGLU(x)), all of it over the positions.
func (w *worker) mixPositions(l *layer, a *acts) {
	p, d, inter := w.d.config.P(), w.d.config.Hidden, w.d.config.InterT()
	rows := w.lanes * d
	w.transpose(a.xT, a.x, p, d)
	l.gateUpT.forward(a.guT, a.xT, rows, &w.rounding)
	kernels.SwiGLU(a.actT[:rows*inter], a.guT, inter)
	l.downT.forward(w.tmp, a.actT, rows, &w.rounding)
	kernels.ResidualNorm(a.y1T, nil, a.inv1[:rows], a.xT, w.tmp, p, w.d.eps)
	w.transpose(a.y1, a.y1T, d, p)
}

// transpose exchanges the rows and columns of every lane's matrix.
func (w *worker) transpose(dst, src []float32, rows, cols int) {
	for lane := range w.lanes {
		at := lane * rows * cols
		in, out := src[at:at+rows*cols], dst[at:at+rows*cols]
		for i := range rows {
			for j, v := range in[i*cols : (i+1)*cols] {
				out[j*rows+i] = v
			}
		}
	}
}

// backward turns dy [R, D], the gradient of a layer's result, into that of its
// input, in place, and adds to the gradients of its weights.
func (w *worker) backward(l *layer, g *layerGrad, a *acts, dy []float32) {
	if w.d.spec.BF16 {
		w.feedForwardBackBF16(l, g, a, dy)
	} else {
		for lo := 0; lo < w.rows; lo += blockRows {
			w.feedForwardBack(l, g, a, dy, lo, min(lo+blockRows, w.rows))
		}
	}
	switch {
	case w.d.config.MLPT:
		w.mixPositionsBack(l, g, a, dy)
	case w.d.spec.BF16:
		w.attendBackBF16(l, g, a, dy)
	default:
		w.attendBack(l, g, a, dy)
	}
}

// feedForwardBack is the backward pass of feedForward, on the same rows of dy.
func (w *worker) feedForwardBack(l *layer, g *layerGrad, a *acts, dy []float32, lo, hi int) {
	d, inter, m := w.d.config.Hidden, w.d.config.Inter(), hi-lo
	dy = dy[lo*d : hi*d]
	kernels.ResidualNormBack(dy, dy, a.y[lo*d:hi*d], a.inv2[lo:hi], d)
	l.down.backward(w.dAct, g.Down, dy, a.act[lo*inter:hi*inter], m, false, &w.rounding)
	kernels.SwiGLUBack(w.dWide, w.dAct[:m*inter], a.gu[lo*2*inter:hi*2*inter], inter)
	l.gateUp.backward(dy, g.GateUp, w.dWide, a.y1[lo*d:hi*d], m, true, &w.rounding)
}

func (w *worker) attendBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	d, rows := w.d.config.Hidden, w.rows
	kernels.ResidualNormBack(dy, dy, a.y1, a.inv1[:rows], d)
	l.o.backward(w.tmp, g.O, dy, a.ctx, rows, false, &w.rounding)
	w.attentionBack(a, l.bias, g.bias)
	w.rotate(w.dWide, kernels.RopeBack)
	l.qkv.backward(dy, g.QKV, w.dWide, a.x, rows, true, &w.rounding)
}

func (w *worker) mixPositionsBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	p, d, inter := w.d.config.P(), w.d.config.Hidden, w.d.config.InterT()
	rows := w.lanes * d
	w.transpose(w.tmp, dy, p, d)
	kernels.ResidualNormBack(w.tmp, w.tmp, a.y1T, a.inv1[:rows], p)
	l.downT.backward(w.dAct, g.DownT, w.tmp, a.actT, rows, false, &w.rounding)
	kernels.SwiGLUBack(w.dWide, w.dAct[:rows*inter], a.guT, inter)
	l.gateUpT.backward(w.tmp, g.GateUpT, w.dWide, a.xT, rows, true, &w.rounding)
	w.transpose(dy, w.tmp, d, p)
}
