package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// Wide int8 models keep in BF16 what goes from one kernel to the next to be
// rounded to int8 or multiplied there: queries, keys, values, context and the
// activations of the SwiGLU. Its rounding, 2^-8 of a number, is below that of the
// int8 rows, and what matters is how many bytes leave the first-level cache.

// narrowWidth is the largest hidden size of models that stay in float32 there:
// their numbers fit the cache.
const narrowWidth = 256

// canBF16 tells whether a model is a wide one. The kernels need sizes that fill
// whole vectors.
func (b *Backend) canBF16(all []matrix) bool {
	c := &b.model.Config
	if !kernels.HasBF16() || !c.Has(runtime.Attention) || c.Inter()%gluBlock != 0 || c.Hidden <= narrowWidth || c.Hidden%64 != 0 || c.HeadDim()%32 != 0 {
		return false
	}
	for i := range all {
		if !all[i].head() && all[i].format() != quantize.I8 {
			return false
		}
	}
	return true
}

// headBF16 is heads in bf16, of one head: it sets its columns of context for some lanes,
//
//	softmax(Q K^T / sqrt(headDim) + bias) V
func (t *batch) headBF16(g *group, worker, task int) {
	c, s, layer := &t.b.model.Config, &t.b.scratch[worker], &t.layers[g.at.layer]
	p, d, dim, h := g.grid.positions, c.Hidden, c.HeadDim(), task%c.Heads
	w := layer.QKV.i8.Rows(h*3*dim, 3*dim)
	lanes := g.lanesOf(task / c.Heads)
	n := (lanes.hi - lanes.lo) * p
	x := g.z8.Rows(lanes.lo*p, n)
	all := reuse.Grow(&s.qkv16, t.b.lanesAtOnce(p)*p*3*dim)
	kernels.HeadI8(all, 3*dim, &x, n, &w, g.grid.rotation, reuse.Grow(&s.wide, max(n, t.b.bandRows())*2*gluBlock))
	attention := s.headBF16(p, dim)
	for at := lanes.lo; at < lanes.hi; at++ {
		ctx, qkv, bias := g.context16[at*p*d+h*dim:], all[(at-lanes.lo)*p*3*dim:], g.grid.headBias(t.pass.Level, g.at.layer, h)
		attention.PackHead(qkv, 3*dim)
		for lo := 0; lo < p && !t.stopped(); lo += chunkRows {
			attention.AttendHead(ctx, d, qkv, 3*dim, bias, lo, min(lo+chunkRows, p))
		}
	}
}

// headBF16 returns the attention of one head over p positions.
func (s *scratch) headBF16(p, dim int) *kernels.AttentionBF16 {
	return reuse.Remembered(&s.bf16, p, func() *kernels.AttentionBF16 {
		return kernels.NewAttentionBF16(kernels.AttentionShape{P: p, Heads: 1, Dim: dim})
	})
}

// operandBF16 prepares x [rows, k] for int8 weights. It is valid until the next
// one.
func (s *scratch) operandBF16(x []kernels.BF16, k int) operand {
	o := operand{k: k, rows: len(x) / k, i8: s.room(len(x) / k)}
	o.i8.QuantizeBF16(x, k, o.rows, k)
	return o
}
