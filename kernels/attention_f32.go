package kernels

import "math"

// HeadF32 is the attention of one head in float32, with scratch that is used
// again. One goroutine uses it at a time.
type HeadF32 struct {
	a       AttentionShape // of one head
	scale   float32        // 1/sqrt(Dim)
	ld      int            // length of a row of scores
	queries int            // rows of scores at a time
	scores  []float32      // [queries, ld]
	keys    *Panels        // [P, Dim] as they are
	columns *Panels        // [Dim, P] values transposed
}

// NewHeadF32 returns the attention of heads of dim numbers over p positions.
func NewHeadF32(p, dim int) *HeadF32 {
	t := &HeadF32{
		a: AttentionShape{P: p, Heads: 1, Dim: dim}, scale: float32(1 / math.Sqrt(float64(dim))),
		ld: scoreLen(p), queries: min(p, 96), keys: NewPanels(p, dim), columns: NewPanels(dim, p),
	}
	t.scores = make([]float32, t.queries*t.ld)
	return t
}

// Forward sets rows lo..hi-1 of ctx [P, dim], ldc numbers apart:
//
//	s[i, j] = q[i] . k[j] / sqrt(dim) + bias[i, j]
//	ctx[i]  = sum over j of exp(s[i, j]) * v[j] / sum over j of exp(s[i, j])
//
// A row of qkv holds a position's query, key and value and begins ldq numbers after
// the one before. bias is [P, P] or nil.
func (t *HeadF32) Forward(ctx []float32, ldc int, qkv []float32, ldq int, bias []float32, lo, hi int) {
	t.Pack(qkv, ldq)
	t.Attend(ctx, ldc, qkv, ldq, bias, lo, hi)
}

// Pack is the part of Forward that is the same for all rows of ctx.
func (t *HeadF32) Pack(qkv []float32, ldq int) {
	need("HeadF32", "qkv", len(qkv), (t.a.P-1)*ldq+3*t.a.Dim)
	t.pack(qkv[t.a.Dim:], qkv[2*t.a.Dim:], ldq)
}

func (t *HeadF32) pack(k, v []float32, ldq int) {
	t.keys.SetRows(k, ldq)
	t.columns.SetCols(v, ldq)
}

// Attend is Forward with the qkv that was packed last.
func (t *HeadF32) Attend(ctx []float32, ldc int, qkv []float32, ldq int, bias []float32, lo, hi int) {
	for i := lo; i < hi; i += t.queries {
		rows := min(t.queries, hi-i)
		t.softmax(qkv[i*ldq:], ldq, t.a.biasRows(bias, 0, i, rows), rows)
		MatMulT(ctx[i*ldc:], ldc, t.scores, t.ld, rows, t.columns)
	}
}

// softmax sets rows of scores to the probabilities of rows of q.
func (t *HeadF32) softmax(q []float32, ldq int, bias []float32, rows int) {
	MatMulT(t.scores, t.ld, q, ldq, rows, t.keys)
	softmaxRowsF32(t.scores, t.ld, rows, t.a.P, t.scale, bias)
}

// AttentionF32 is the attention of one puzzle in float32, forward and backward, with
// scratch that is used again. One goroutine uses it at a time.
type AttentionF32 struct {
	a      AttentionShape
	head   *HeadF32
	values *Panels   // [P, Dim] as they are
	dp     []float32 // [queries, ld] gradients of probabilities
}

// NewAttentionF32 returns the attention for a shape.
func NewAttentionF32(a AttentionShape) *AttentionF32 {
	head := NewHeadF32(a.P, a.Dim)
	return &AttentionF32{a: a, head: head, values: NewPanels(a.P, a.Dim), dp: make([]float32, len(head.scores))}
}

// Forward mixes the positions. For every head, with q, k and v its columns of
// qkv:
//
//	s[i, j]   = q[i] . k[j] / sqrt(Dim) + bias[head, i, j]
//	p[i, j]   = exp(s[i, j]) / sum over j of exp(s[i, j])
//	ctx[i]    = sum over j of p[i, j] * v[j]
//
// qkv is [P, 3D]: q-heads, k-heads, v-heads, q and k rotated already; ctx is
// [P, D]; bias is [Heads, P, P] or nil.
func (t *AttentionF32) Forward(ctx, qkv, bias []float32) {
	a, d := t.a, t.a.Heads*t.a.Dim
	ctx, qkv, bias = ctx[:a.P*d], qkv[:3*a.P*d], a.cutBias(bias)
	for h := range a.Heads {
		at := h * a.Dim
		t.head.pack(qkv[d+at:], qkv[2*d+at:], 3*d)
		t.head.Attend(ctx[at:], d, qkv[at:], 3*d, a.biasRows(bias, h, 0, a.P), 0, a.P)
	}
}

// Back sets dqkv from dctx, the gradient of ctx, and adds to dbias. Per head:
//
//	dv[j]    = sum over i of p[i, j] * dctx[i]
//	dp[i, j] = dctx[i] . v[j]
//	ds[i, j] = p[i, j] * (dp[i, j] - sum over j of p[i, j] * dp[i, j])
//	dq[i]    = sum over j of ds[i, j] * k[j] / sqrt(Dim)
//	dk[j]    = sum over i of ds[i, j] * q[i] / sqrt(Dim)
//	dbias[i, j] += ds[i, j]
//
// Shapes are those of Forward; the probabilities are computed again. bias and
// dbias are nil together.
func (t *AttentionF32) Back(dqkv, dbias, dctx, qkv, bias []float32) {
	a, d, hd := t.a, t.a.Heads*t.a.Dim, t.head
	dqkv, dctx, qkv = dqkv[:3*a.P*d], dctx[:a.P*d], qkv[:3*a.P*d]
	bias, dbias = a.cutBias(bias), a.cutBias(dbias)
	for h := range a.Heads {
		at := h * a.Dim
		hd.pack(qkv[d+at:], qkv[d+at:], 3*d)
		t.values.SetRows(qkv[2*d+at:], 3*d)
		for i := 0; i < a.P; i += hd.queries {
			rows := min(hd.queries, a.P-i)
			q, dc := qkv[i*3*d+at:], dctx[i*d+at:]
			hd.softmax(q, 3*d, a.biasRows(bias, h, i, rows), rows)
			MatMulT(t.dp, hd.ld, dc, d, rows, t.values)
			for r := range rows {
				t.softmaxBack(r, a.biasRows(dbias, h, i+r, 1))
			}
			MatMulT(dqkv[i*3*d+at:], 3*d, t.dp, hd.ld, rows, hd.columns)
			outer(dqkv[d+at:], 3*d, t.dp, hd.ld, q, 3*d, rows, a.P, a.Dim, i > 0)
			outer(dqkv[2*d+at:], 3*d, hd.scores, hd.ld, dc, d, rows, a.P, a.Dim, i > 0)
		}
	}
}

// softmaxBack turns row r of dp, for the probabilities in row r of the scores, into
// the gradient of q[i] . k[j].
func (t *AttentionF32) softmaxBack(r int, dbias []float32) {
	p, dp := t.head.scores[r*t.head.ld:][:t.a.P], t.dp[r*t.head.ld:][:t.a.P]
	mean := dot(p, dp)
	for j, v := range p {
		dp[j] = v * (dp[j] - mean)
	}
	if dbias != nil {
		Add(dbias, dp)
	}
	scale(dp, t.head.scale)
}
