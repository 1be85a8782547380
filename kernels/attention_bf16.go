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
	dk, dv       []float32  // [P, Dim] sums over several scores' rows; dv also ctx before its division
	stats        []float32  // [queries, 2] of ForwardHead
}

// NewAttentionBF16 returns the attention for a shape; Dim must be even.
func NewAttentionBF16(a AttentionShape) *AttentionBF16 {
	if a.Dim%2 != 0 {
		panic(fmt.Sprintf("kernels: AttentionBF16 needs an even head size, got %d", a.Dim))
	}
	t := &AttentionBF16{a: a, scale: float32(1 / math.Sqrt(float64(a.Dim))), ld: scoreLen(a.P)}
	t.queries = PadBF16(scoreRowsAtOnce(a.P))
	t.stats = make([]float32, 2*t.queries)
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

// Forward is that of AttentionF32 for qkv rounded to BF16; the powers of a row's
// scores and ctx are rounded too. It keeps, in stats [Heads, P, 2], the largest
// score of every row and one over the sum of exp(score - largest).
func (t *AttentionBF16) Forward(ctx []BF16, stats []float32, qkv []BF16, bias []float32) {
	a, d := t.a, t.a.Heads*t.a.Dim
	ctx, stats, qkv, bias = ctx[:a.P*d], stats[:2*a.P*a.Heads], qkv[:3*a.P*d], a.cutBias(bias)
	for h := range a.Heads {
		at := h * a.Dim
		t.packHead(qkv[d+at:], qkv[2*d+at:], 3*d)
		t.attend(ctx[at:], d, qkv[at:], 3*d, a.biasRows(bias, h, 0, a.P), stats[2*h*a.P:], 0, a.P)
	}
}

// ForwardHead is Forward for one head and the positions from lo to hi-1 of ctx,
// without stats. A row of qkv holds the head's query, key and value and begins
// ldq numbers after the one before, a row of ctx [P, Dim] ldc; bias is the head's,
// [P, P], or nil.
func (t *AttentionBF16) ForwardHead(ctx []BF16, ldc int, qkv []BF16, ldq int, bias []float32, lo, hi int) {
	t.PackHead(qkv, ldq)
	t.AttendHead(ctx, ldc, qkv, ldq, bias, lo, hi)
}

// PackHead is the part of ForwardHead that is the same for all rows of ctx.
func (t *AttentionBF16) PackHead(qkv []BF16, ldq int) {
	need("ForwardHead", "qkv", len(qkv), (t.a.P-1)*ldq+3*t.a.Dim)
	t.packHead(qkv[t.a.Dim:], qkv[2*t.a.Dim:], ldq)
}

func (t *AttentionBF16) packHead(k, v []BF16, ldq int) {
	t.packDots(&t.keys, k, ldq)
	t.rows.PackRows(v, ldq, t.a.P, t.a.Dim)
}

// AttendHead is ForwardHead with the qkv that was packed last.
func (t *AttentionBF16) AttendHead(ctx []BF16, ldc int, qkv []BF16, ldq int, bias []float32, lo, hi int) {
	t.attend(ctx, ldc, qkv, ldq, bias, nil, lo, hi)
}

func (t *AttentionBF16) attend(ctx []BF16, ldc int, q []BF16, ldq int, bias, stats []float32, lo, hi int) {
	dim := t.a.Dim
	for i := lo; i < hi; i += t.queries {
		rows := min(t.queries, hi-i)
		r := scoreRows{t: t, rows: rows, stats: t.stats, bias: t.a.biasRows(bias, 0, i, rows)}
		if stats != nil {
			r.stats = stats[2*i:]
		}
		MatMulTBF16(t.s, t.ld, q[i*ldq:], ldq, rows, &t.keys, false)
		r.softmax()
		MatMulTBF16(t.dv, dim, t.p, t.ld, rows, &t.rows, false)
		scaleRound(ctx[i*ldc:], ldc, t.dv, r.stats, rows, dim)
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
		at := h * a.Dim
		k := qkv[d+at:]
		t.packDots(&t.keys, k, 3*d)
		t.packDots(&t.values, qkv[2*d+at:], 3*d)
		for i := 0; i < a.P; i += t.queries {
			rows := min(t.queries, a.P-i)
			q, dc := qkv[i*3*d+at:], dctx[i*d+at:]
			MatMulTBF16(t.s, t.ld, q, 3*d, rows, &t.keys, false)
			MatMulTBF16(t.dp, t.ld, dc, d, rows, &t.values, false)
			r := scoreRows{t, rows, stats[2*(h*a.P+i):], a.biasRows(bias, h, i, rows), a.biasRows(dbias, h, i, rows)}
			r.gradient()
			t.rows.PackRows(k, 3*d, a.P, a.Dim)
			MatMulTRoundBF16(dqkv[i*3*d+at:], 3*d, t.ds, t.ld, rows, &t.rows)
			t.outer(dqkv[d+at:], t.dk, t.ds, q, 3*d, i, rows)
			t.outer(dqkv[2*d+at:], t.dv, t.p, dc, d, i, rows)
		}
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
