package kernels

import (
	"fmt"
	"math"
)

// AttentionBF16 is the attention of one puzzle with products of BF16 numbers,
// sums in float32, and scratch that is used again. One goroutine uses it at a
// time.
type AttentionBF16 struct {
	a       AttentionShape
	scale   float32 // 1/sqrt(Dim)
	ld      int     // P rounded up to whole panels: length of a row of scores
	queries int     // rows of scores at a time, a multiple of 32

	keys, values PanelsBF16 // a head's k and v [P, Dim] for products over Dim
	rows         PanelsBF16 // a head's k, q, v or dctx for a product over positions
	noBias       []float32  // [ld] zeros
	unused       []float32  // [ld] in place of a dbias
	s, dp        []float32  // [queries, ld] scores, gradients of probabilities
	p, ds        []BF16     // [queries, ld] probabilities, gradients of scores
	transposed   []BF16     // [ld, queries] p or ds
	dk, dv       []float32  // [P, Dim] sums over several scores' rows
	inverse      []float32  // [queries] of ForwardHead
}

// NewAttentionBF16 returns the attention for a shape; Dim must be even.
func NewAttentionBF16(a AttentionShape) *AttentionBF16 {
	if a.Dim%2 != 0 {
		panic(fmt.Sprintf("kernels: AttentionBF16 needs an even head size, got %d", a.Dim))
	}
	t := &AttentionBF16{a: a, scale: float32(1 / math.Sqrt(float64(a.Dim))), ld: scoreLen(a.P)}
	t.queries = PadBF16(scoreRowsAtOnce(a.P))
	t.inverse = make([]float32, t.queries)
	t.noBias, t.unused = make([]float32, t.ld), make([]float32, t.ld)
	size := t.queries * t.ld
	t.s, t.dp = make([]float32, size), make([]float32, size)
	t.dk, t.dv = make([]float32, a.P*a.Dim), make([]float32, a.P*a.Dim)
	for _, m := range []*[]BF16{&t.p, &t.ds, &t.transposed} {
		*m = make([]BF16, size)
	}
	return t
}

// scoreRowsAtOnce is an even number of rows whose scores stay in the caches.
func scoreRowsAtOnce(p int) int {
	const numbers = 12288
	return min((p+1)/2*2, max(8, numbers/scoreLen(p)/8*8))
}

// Forward is that of AttentionF32 for qkv rounded to BF16; the probabilities
// and ctx are rounded too. It keeps, in stats [Heads, P, 2], the largest score of every
// row and one over the sum of exp(score - largest).
func (t *AttentionBF16) Forward(ctx []BF16, stats []float32, qkv []BF16, bias []float32) {
	a, d := t.a, t.a.Heads*t.a.Dim
	ctx, stats, qkv, bias = ctx[:a.P*d], stats[:2*a.P*a.Heads], qkv[:3*a.P*d], a.cutBias(bias)
	for h := range a.Heads {
		hd := newHeadBF16(t, stats, qkv, bias, h)
		t.packDots(&t.keys, hd.k, 3*d)
		t.rows.PackRows(hd.v, 3*d, a.P, a.Dim)
		for i := 0; i < a.P; i += t.queries {
			rows := min(t.queries, a.P-i)
			MatMulTBF16(t.s, t.ld, hd.q[i*3*d:], 3*d, rows, &t.keys, false)
			softmaxRows(t.scoreRows(&hd, i, rows))
			MatMulTRoundBF16(ctx[i*d+h*a.Dim:], d, t.p, t.ld, rows, &t.rows)
		}
	}
}

// Back is that of AttentionF32 for dctx and qkv rounded to BF16, with the stats of
// Forward. The probabilities and the gradients of the scores are rounded to
// BF16, but not before they are added to dbias; dqkv is rounded too.
func (t *AttentionBF16) Back(dqkv []BF16, dbias []float32, dctx []BF16, stats []float32, qkv []BF16, bias []float32) {
	a, d := t.a, t.a.Heads*t.a.Dim
	dqkv, dctx, qkv, stats = dqkv[:3*a.P*d], dctx[:a.P*d], qkv[:3*a.P*d], stats[:2*a.P*a.Heads]
	bias, dbias = a.cutBias(bias), a.cutBias(dbias)
	for h := range a.Heads {
		hd := newHeadBF16(t, stats, qkv, bias, h)
		if dbias != nil {
			hd.dbias = dbias[h*a.P*a.P : (h+1)*a.P*a.P]
		}
		t.headBack(&hd, dqkv[h*a.Dim:], dctx[h*a.Dim:])
	}
}

func (t *AttentionBF16) headBack(hd *headBF16, dqkv, dctx []BF16) {
	a, d := t.a, t.a.Heads*t.a.Dim
	t.packDots(&t.keys, hd.k, 3*d)
	t.packDots(&t.values, hd.v, 3*d)
	for i := 0; i < a.P; i += t.queries {
		rows := min(t.queries, a.P-i)
		q, dc := hd.q[i*3*d:], dctx[i*d:]
		MatMulTBF16(t.s, t.ld, q, 3*d, rows, &t.keys, false)
		MatMulTBF16(t.dp, t.ld, dc, d, rows, &t.values, false)
		softmaxGrad(t.scoreRows(hd, i, rows))
		t.rows.PackRows(hd.k, 3*d, a.P, a.Dim)
		MatMulTRoundBF16(dqkv[i*3*d:], 3*d, t.ds, t.ld, rows, &t.rows)
		t.outer(dqkv[d:], t.dk, t.ds, q, 3*d, i, rows)
		t.outer(dqkv[2*d:], t.dv, t.p, dc, d, i, rows)
	}
}

// packDots packs a head's rows for products that fill whole rows of s or dp: past
// the last position with zeros.
func (t *AttentionBF16) packDots(p *PanelsBF16, x []BF16, ldx int) {
	p.PackDots(x, ldx, t.a.P, t.a.Dim)
	p.N = t.ld
}

// outer sets y[j], rows 3D apart, to the sum over all i of s[i, j] * x[i], of
// which it is given rows from i on; sums has those before.
func (t *AttentionBF16) outer(y []BF16, sums []float32, s, x []BF16, ldx, i, rows int) {
	dim, ldy := t.a.Dim, 3*t.a.Heads*t.a.Dim
	TransposeBF16(t.transposed, t.queries, s, rows, t.ld)
	t.rows.PackRows(x, ldx, rows, dim)
	if rows == t.a.P {
		MatMulTRoundBF16(y, ldy, t.transposed, t.queries, t.a.P, &t.rows)
		return
	}
	MatMulTBF16(sums, dim, t.transposed, t.queries, t.a.P, &t.rows, i > 0)
	if i+rows == t.a.P {
		for j := range t.a.P {
			RoundBF16(y[j*ldy:], sums[j*dim:(j+1)*dim])
		}
	}
}

// headBF16 is one head of one puzzle; rows of q, k and v are 3D apart.
type headBF16 struct {
	q, k, v     []BF16
	stats       []float32 // [P, 2]
	bias, dbias []float32 // [P, P] or nil
}

func newHeadBF16(t *AttentionBF16, stats []float32, qkv []BF16, bias []float32, h int) headBF16 {
	a, d := t.a, t.a.Heads*t.a.Dim
	hd := headBF16{
		q: qkv[h*a.Dim:], k: qkv[d+h*a.Dim:], v: qkv[2*d+h*a.Dim:],
		stats: stats[2*h*a.P : 2*(h+1)*a.P],
	}
	if bias != nil {
		hd.bias = bias[h*a.P*a.P : (h+1)*a.P*a.P]
	}
	return hd
}

// scoreRows is some rows of one head's scores on their way through the softmax
// or its gradient. ld is the row length of every buffer of AttentionBF16.
type scoreRows struct {
	t           *AttentionBF16
	rows        int
	stats       []float32 // [rows, 2]
	bias, dbias []float32 // [rows, P] or nil
}

func (t *AttentionBF16) scoreRows(hd *headBF16, i, rows int) scoreRows {
	r := scoreRows{t: t, rows: rows, stats: hd.stats[2*i : 2*(i+rows)]}
	if hd.bias != nil {
		r.bias = hd.bias[i*t.a.P : (i+rows)*t.a.P]
	}
	if hd.dbias != nil {
		r.dbias = hd.dbias[i*t.a.P : (i+rows)*t.a.P]
	}
	return r
}
