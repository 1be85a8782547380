package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// attended is what the backward pass needs of an attention on a group of
// lanes, in float32 or, with Spec.BF16, with q, k and v rounded.
type attended struct {
	ctx     []float32      // [R, D]
	qkv     []float32      // [R, 3D], rotated
	rounded []kernels.BF16 // [R, 3D], instead of qkv
	stats   []float32      // [2 * heads * R], with rounded
}

func newAttended(c *runtime.Config, rows int, bf16 bool) attended {
	t := attended{ctx: make([]float32, rows*c.Hidden)}
	if bf16 {
		t.rounded, t.stats = make([]kernels.BF16, rows*3*c.Hidden), make([]float32, 2*rows*c.Heads)
	} else {
		t.qkv = make([]float32, rows*3*c.Hidden)
	}
	return t
}

// attention fills t from the rotated q, k and v of every lane in dWide.
func (w *worker) attention(t *attended, bias []float32) {
	p, d, heads := w.d.config.P(), w.d.config.Hidden, w.d.config.Heads
	if w.bf16 != nil {
		kernels.RoundBF16(t.rounded, w.dWide[:w.rows*3*d])
	} else {
		copy(t.qkv, w.dWide[:w.rows*3*d])
	}
	for r := 0; r < w.rows; r += p { // the first row of every lane
		if w.bf16 != nil {
			w.bf16.Forward(t.ctx[r*d:], t.stats[2*r*heads:], t.rounded[r*3*d:], bias)
		} else {
			w.f32.Forward(t.ctx[r*d:], t.qkv[r*3*d:], bias)
		}
	}
}

// attentionBack turns the gradient of ctx in tmp into that of the rotated q, k
// and v in dWide, and adds to dbias.
func (w *worker) attentionBack(t *attended, bias, dbias []float32) {
	p, d, heads := w.d.config.P(), w.d.config.Hidden, w.d.config.Heads
	var dctx []kernels.BF16
	if w.bf16 != nil {
		dctx = round(&w.dy, w.tmp[:w.rows*d])
	}
	for r := 0; r < w.rows; r += p {
		if w.bf16 != nil {
			w.bf16.Back(w.dWide[r*3*d:], dbias, dctx[r*d:], t.stats[2*r*heads:], t.rounded[r*3*d:], bias)
		} else {
			w.f32.Back(w.dWide[r*3*d:], dbias, w.tmp[r*d:], t.qkv[r*3*d:], bias)
		}
	}
}

// rotate applies Rope or RopeBack to every q and k of a qkv buffer.
func (w *worker) rotate(qkv []float32, rope func(x, cos, sin []float32)) {
	if w.d.cos == nil {
		return
	}
	p, d, hd := w.d.config.P(), w.d.config.Hidden, w.d.config.HeadDim()
	for r := range w.rows {
		at := r % p * (hd / 2)
		cos, sin := w.d.cos[at:at+hd/2], w.d.sin[at:at+hd/2]
		row := qkv[r*3*d : r*3*d+2*d]
		for ; len(row) > 0; row = row[hd:] {
			rope(row[:hd], cos, sin)
		}
	}
}
