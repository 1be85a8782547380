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
	queries int     // rows of scores at a time, even

	keys, values []BF16    // panels of 32 positions: [ld/32, Dim/2, 32, 2]
	kPairs       []BF16    // a head's k [P, Dim] as PairBF16 lays it out; likewise q, v and dctx
	qPairs       []BF16    //
	vPairs       []BF16    //
	dPairs       []BF16    //
	s, dp        []float32 // [queries, ld] scores, gradients of probabilities
	p, ds        []BF16    // [queries, ld] probabilities, gradients of scores
	pPairs       []BF16    // p and ds with each two rows interleaved
	dsPairs      []BF16    //
	delta        []float32 // [queries] sum over j of p[i, j] * dp[i, j]
}

// NewAttentionBF16 returns the attention for a shape; Dim must be even.
func NewAttentionBF16(a AttentionShape) *AttentionBF16 {
	if a.Dim%2 != 0 {
		panic(fmt.Sprintf("kernels: AttentionBF16 needs an even head size, got %d", a.Dim))
	}
	t := &AttentionBF16{a: a, scale: float32(1 / math.Sqrt(float64(a.Dim))), ld: scoreLen(a.P)}
	t.queries = scoreRowsAtOnce(a.P)
	t.keys, t.values = make([]BF16, t.ld*a.Dim), make([]BF16, t.ld*a.Dim)
	for _, pairs := range []*[]BF16{&t.kPairs, &t.qPairs, &t.vPairs, &t.dPairs} {
		*pairs = make([]BF16, PairedLen(a.P, a.Dim))
	}
	size := t.queries * t.ld
	t.s, t.dp, t.delta = make([]float32, size), make([]float32, size), make([]float32, t.queries)
	for _, m := range []*[]BF16{&t.p, &t.ds, &t.pPairs, &t.dsPairs} {
		*m = make([]BF16, size)
	}
	return t
}

// Forward is that of AttentionF32 for qkv rounded to BF16; the probabilities are rounded
// too. It keeps, in stats [Heads, P, 2], the largest score of every row and one
// over the sum of exp(score - largest).
func (t *AttentionBF16) Forward(ctx, stats []float32, qkv []BF16, bias []float32) {
	a, d := t.a, t.a.Heads*t.a.Dim
	ctx, stats, qkv, bias = ctx[:a.P*d], stats[:2*a.P*a.Heads], qkv[:3*a.P*d], a.cutBias(bias)
	for h := range a.Heads {
		hd := newHeadBF16(t, stats, qkv, bias, h)
		packKeys(t.keys, hd.k, 3*d, a.P, a.Dim)
		pairRows(t.vPairs, hd.v, 3*d, a.P, a.Dim)
		for i := 0; i < a.P; i += t.queries {
			rows := min(t.queries, a.P-i)
			t.dots(t.s, hd.q[i*3*d:], 3*d, t.keys, rows)
			softmaxRows(t.rows(&hd, i, rows))
			t.mix(ctx[i*d+h*a.Dim:], d, t.p, t.ld, 2, t.vPairs, (a.P+1)/2, rows, false)
		}
	}
}

// Back is that of AttentionF32 for dctx and qkv rounded to BF16, with the stats of
// Forward. The probabilities and the gradients of the scores are rounded to
// BF16, but not before they are added to dbias.
func (t *AttentionBF16) Back(dqkv, dbias []float32, dctx []BF16, stats []float32, qkv []BF16, bias []float32) {
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

func (t *AttentionBF16) headBack(hd *headBF16, dqkv []float32, dctx []BF16) {
	a, d := t.a, t.a.Heads*t.a.Dim
	packKeys(t.keys, hd.k, 3*d, a.P, a.Dim)
	packKeys(t.values, hd.v, 3*d, a.P, a.Dim)
	pairRows(t.kPairs, hd.k, 3*d, a.P, a.Dim)
	pairRows(t.qPairs, hd.q, 3*d, a.P, a.Dim)
	pairRows(t.dPairs, dctx, d, a.P, a.Dim)
	for i := 0; i < a.P; i += t.queries {
		rows := min(t.queries, a.P-i)
		pairs := (rows + 1) / 2
		t.dots(t.s, hd.q[i*3*d:], 3*d, t.keys, rows)
		t.dots(t.dp, dctx[i*d:], d, t.values, rows)
		softmaxGrad(t.rows(hd, i, rows))
		t.mix(dqkv[i*3*d:], 3*d, t.ds, t.ld, 2, t.kPairs, (a.P+1)/2, rows, false)
		t.mix(dqkv[d:], 3*d, t.dsPairs, 2, 2*t.ld, t.qPairs[i*a.Dim:], pairs, a.P, i > 0)
		t.mix(dqkv[2*d:], 3*d, t.pPairs, 2, 2*t.ld, t.dPairs[i*a.Dim:], pairs, a.P, i > 0)
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

// dots sets s[i, j] = x[i] . w[j] for w in panels.
func (t *AttentionBF16) dots(s []float32, x []BF16, ldx int, w []BF16, rows int) {
	dim := t.a.Dim
	for j := 0; j < t.ld; j += PanelWidthBF16 {
		runPanel(panel[BF16]{
			c: s[j:], cRow: t.ld,
			a: x, aRow: ldx, aStep: 2,
			b: w[j*dim:], bStep: 2 * PanelWidthBF16,
			steps: dim / 2, rows: rows, cols: PanelWidthBF16,
		})
	}
}

// mix sets or increases y[i, :] by the sum over pairs of positions of x * w,
// for w [steps, Dim, 2].
func (t *AttentionBF16) mix(y []float32, ldy int, x []BF16, xRow, xStep int, w []BF16, steps, rows int, add bool) {
	dim := t.a.Dim
	for c := 0; c < dim; c += PanelWidthBF16 {
		runPanel(panel[BF16]{
			c: y[c:], cRow: ldy,
			a: x, aRow: xRow, aStep: xStep,
			b: w[2*c:], bStep: 2 * dim,
			steps: steps, rows: rows, cols: min(PanelWidthBF16, dim-c), add: add,
		})
	}
}

// scoreRows is some rows of one head's scores on their way through the softmax
// or its gradient. ld is the row length of every buffer of AttentionBF16.
type scoreRows struct {
	t           *AttentionBF16
	rows        int
	stats       []float32 // [rows, 2]
	bias, dbias []float32 // [rows, P] or nil
}

func (t *AttentionBF16) rows(hd *headBF16, i, rows int) scoreRows {
	r := scoreRows{t: t, rows: rows, stats: hd.stats[2*i : 2*(i+rows)]}
	if hd.bias != nil {
		r.bias = hd.bias[i*t.a.P : (i+rows)*t.a.P]
	}
	if hd.dbias != nil {
		r.dbias = hd.dbias[i*t.a.P : (i+rows)*t.a.P]
	}
	return r
}
