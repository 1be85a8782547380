package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// layer is one block of the network: x = norm(x + f(x)) for every sublayer f of the
// configuration. Weights that multiply rows are made ready for it; the others are
// views of the parameters.
type layer struct {
	runtime.Block[*linear]
	bias []float32 // [heads, P, P], relations spread over the positions
}

// layerGrad is where a shard adds the gradient of a layer.
type layerGrad struct {
	runtime.Block[[]float32]
	bias []float32 // [heads, P, P]
}

func (d *Device) newLayer(w *runtime.Block[[]float32]) layer {
	c := &d.config
	var l layer
	params := c.Block()
	from, to := w.All(), l.All()
	for i, p := range params.All() {
		switch {
		case !p.There():
		case p.Matrix:
			*to[i] = newLinear(*from[i], p.Rows, d.spec.BF16)
			d.linear = append(d.linear, *to[i])
		default:
			*to[i] = &linear{n: p.Rows, k: p.Cols, w: *from[i]}
		}
	}
	if d.classes != nil {
		l.bias = make([]float32, c.Heads*len(d.classes))
	}
	return l
}

// sublayer is the code of a kind: forward sets a.y = norm(a.x + f(a.x)), and backward
// turns dy, the gradient of a.y, into that of a.x, in place, and adds to the gradients
// of its weights. Each kind has a file of its own.
type sublayer struct {
	memory   func(d *Device, a *acts, rows int, saved bool) // what acts of so many rows keep
	forward  func(w *worker, l *layer, a *acts)
	backward func(w *worker, l *layer, g *layerGrad, a *acts, dy []float32)
}

var sublayers = [...]sublayer{
	runtime.Convolution:    {(*Device).convolutionMemory, (*worker).convolve, (*worker).convolveBack},
	runtime.Attention:      {(*Device).attentionMemory, (*worker).attend, (*worker).attendBack},
	runtime.PositionSwiGLU: {(*Device).positionMemory, (*worker).mixPositions, (*worker).mixPositionsBack},
	runtime.CandidateMeans: {(*Device).candidateMemory, (*worker).mixCandidates, (*worker).mixCandidatesBack},
	runtime.ColourMeans:    {(*Device).candidateMemory, (*worker).mixColours, (*worker).mixColoursBack},
	runtime.SwiGLU:         {(*Device).swiGLUMemory, (*worker).feedForward, (*worker).feedForwardBack},
}

// acts are the activations of one sublayer on a group of lanes, rows of all lanes one
// below the other, as its backward pass needs them. With Spec.BF16 the factors of
// products are kept in bfloat16 and x and y are scratch: memory is slower than the
// tiles.
type acts struct {
	x, y     []float32      // [R, D] input and result
	x16, y16 []kernels.BF16 // the same rounded, with Spec.BF16
	inv      []float32      // [R] of the norm

	qkv, ctx     []float32      // attention: [R, 3D] rotated, [R, D]
	qkv16, ctx16 []kernels.BF16 // the same with Spec.BF16
	stats        []float32      // [2 * heads * R], see kernels.AttentionBF16
	gu, act      []float32      // SwiGLU: [R, 2I], [R, I]
	gu16         []kernels.BF16 // [R, 2I]; differentiated passes only
	guT, actT    []float32      // over positions: [lanes*D, 2It], [lanes*D, It]
	xT, yT       []float32      // [lanes*D, P]: x and y with positions and channels exchanged
}

// newActs makes those of one layer, of groups of so many rows.
func (d *Device) newActs(rows int, saved bool) []*acts {
	var all []*acts
	for _, s := range d.sublayers {
		a := &acts{inv: make([]float32, rows)}
		if d.spec.BF16 {
			a.y16 = make([]kernels.BF16, rows*d.config.Hidden)
		} else {
			a.y = make([]float32, rows*d.config.Hidden)
		}
		sublayers[s].memory(d, a, rows, saved)
		all = append(all, a)
	}
	return all
}

// forward runs a layer on x and returns its result. Either is in float32, and with
// Spec.BF16 in scratch; the rounded x is handed on likewise.
func (w *worker) forward(l *layer, layer []*acts, x []float32, x16 []kernels.BF16) ([]float32, []kernels.BF16) {
	for i, s := range w.d.sublayers {
		a := layer[i]
		a.x, a.x16 = x, x16
		if w.bf16 != nil {
			a.y = w.bf16.next(x)
		}
		sublayers[s].forward(w, l, a)
		x, x16 = a.y, a.y16
	}
	return x, x16
}

// backward turns dy [R, D], the gradient of a layer's result, into that of its input,
// in place.
func (w *worker) backward(l *layer, g *layerGrad, layer []*acts, dy []float32) {
	for i := len(layer) - 1; i >= 0; i-- {
		sublayers[w.d.sublayers[i]].backward(w, l, g, layer[i], dy)
	}
}

// addNorm sets a.y = norm(a.x + y) for rows [lo, hi).
func (w *worker) addNorm(a *acts, y []float32, lo, hi int) {
	d := w.d.config.Hidden
	var rounded []kernels.BF16
	if a.y16 != nil {
		rounded = a.y16[lo*d : hi*d]
	}
	kernels.ResidualNorm(a.y[lo*d:hi*d], rounded, a.inv[lo:hi], a.x[lo*d:hi*d], y, d, w.d.eps)
}

// addNormBack turns dy, the gradient of rows [lo, hi) of a.y, into that of the sum
// that was normalized, in place, and with Spec.BF16 rounds it to ds too.
func (w *worker) addNormBack(dy []float32, ds []kernels.BF16, a *acts, lo, hi int) {
	d := w.d.config.Hidden
	if a.y16 != nil {
		kernels.ResidualNormBackBF16(dy, ds, dy, a.y16[lo*d:hi*d], a.inv[lo:hi], d)
		return
	}
	kernels.ResidualNormBack(dy, dy, a.y[lo*d:hi*d], a.inv[lo:hi], d)
}
