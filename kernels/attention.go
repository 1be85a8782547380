package kernels

import "math"

// AttentionShape is the size of one puzzle's attention: P positions, heads of
// Dim numbers each, D = Heads*Dim.
type AttentionShape struct{ P, Heads, Dim int }

// cutBias returns the [Heads, P, P] numbers of a bias, or nil. A slice that is
// too short panics, here as in every kernel.
func (a AttentionShape) cutBias(bias []float32) []float32 {
	if bias == nil {
		return nil
	}
	return bias[:a.Heads*a.P*a.P]
}

// AttentionF32 is the attention of one puzzle in float32, with scratch that is
// used again. One goroutine uses it at a time.
type AttentionF32 struct {
	a       AttentionShape
	scale   float32 // 1/sqrt(Dim)
	ld      int     // P rounded up to whole panels: length of a row of scores
	queries int     // rows of scores at a time

	keys, values []float32 // panels of 32 positions: [ld/32, Dim, 32]
	s, dp        []float32 // [queries, ld] scores, then probabilities; their gradients
}

// NewAttentionF32 returns the attention for a shape.
func NewAttentionF32(a AttentionShape) *AttentionF32 {
	t := &AttentionF32{a: a, scale: float32(1 / math.Sqrt(float64(a.Dim))), ld: scoreLen(a.P)}
	t.queries = scoreRowsAtOnce(a.P)
	t.keys, t.values = make([]float32, t.ld*a.Dim), make([]float32, t.ld*a.Dim)
	t.s, t.dp = make([]float32, t.queries*t.ld), make([]float32, t.queries*t.ld)
	return t
}

// scoreLen is p rounded up to whole panels.
func scoreLen(p int) int { return (p + PanelWidthBF16 - 1) / PanelWidthBF16 * PanelWidthBF16 }

// scoreRowsAtOnce is an even number of rows whose scores stay in the caches.
func scoreRowsAtOnce(p int) int {
	const numbers = 12288
	return min((p+1)/2*2, max(8, numbers/scoreLen(p)/8*8))
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
		q, v := qkv[h*a.Dim:], qkv[2*d+h*a.Dim:]
		t.packPanels(t.keys, qkv[d+h*a.Dim:], 3*d)
		for i := 0; i < a.P; i += t.queries {
			rows := min(t.queries, a.P-i)
			t.dots(t.s, q[i*3*d:], 3*d, t.keys, rows)
			softmaxRowsF32(t.s, t.ld, rows, a.P, t.scale, a.biasRows(bias, h, i, rows))
			t.mix(ctx[i*d+h*a.Dim:], d, t.s, t.ld, 1, v, 3*d, a.P, rows, false)
		}
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
	a, d := t.a, t.a.Heads*t.a.Dim
	dqkv, dctx, qkv = dqkv[:3*a.P*d], dctx[:a.P*d], qkv[:3*a.P*d]
	bias, dbias = a.cutBias(bias), a.cutBias(dbias)
	for h := range a.Heads {
		at := h * a.Dim
		q, k, dc := qkv[at:], qkv[d+at:], dctx[at:]
		t.packPanels(t.keys, k, 3*d)
		t.packPanels(t.values, qkv[2*d+at:], 3*d)
		for i := 0; i < a.P; i += t.queries {
			rows := min(t.queries, a.P-i)
			t.dots(t.s, q[i*3*d:], 3*d, t.keys, rows)
			t.dots(t.dp, dc[i*d:], d, t.values, rows)
			for r := range rows {
				t.softmaxBack(r, a.biasRows(bias, h, i+r, 1), a.biasRows(dbias, h, i+r, 1))
			}
			t.mix(dqkv[i*3*d+at:], 3*d, t.dp, t.ld, 1, k, 3*d, a.P, rows, false)
			t.mix(dqkv[d+at:], 3*d, t.dp, 1, t.ld, q[i*3*d:], 3*d, rows, a.P, i > 0)
			t.mix(dqkv[2*d+at:], 3*d, t.s, 1, t.ld, dc[i*d:], d, rows, a.P, i > 0)
		}
	}
}

// biasRows returns rows of one head of a bias from i on, or nil.
func (a AttentionShape) biasRows(bias []float32, h, i, rows int) []float32 {
	if bias == nil {
		return nil
	}
	at := (h*a.P + i) * a.P
	return bias[at : at+rows*a.P]
}

// softmaxBack turns row r of the scores into probabilities and that of dp into
// the gradient of q[i] . k[j].
func (t *AttentionF32) softmaxBack(r int, bias, dbias []float32) {
	p, dp := t.s[r*t.ld:][:t.a.P], t.dp[r*t.ld:][:t.a.P]
	Softmax(p, t.scale, bias)
	mean := dot(p, dp)
	for j, v := range p {
		dp[j] = v * (dp[j] - mean)
	}
	if dbias != nil {
		Add(dbias, dp)
	}
	scale(dp, t.scale)
}

// packPanels lays out the rows of one head, ldx numbers apart, for dots. What lies
// past the last row stays zero.
func (t *AttentionF32) packPanels(panels, x []float32, ldx int) {
	for j := packPanelsFast(panels, x, ldx, t.a.P, t.a.Dim); j < t.a.P; j++ {
		panel := panels[j/PanelWidthBF16*PanelWidthBF16*t.a.Dim:]
		for c, v := range x[j*ldx : j*ldx+t.a.Dim] {
			panel[c*PanelWidthBF16+j%PanelWidthBF16] = v
		}
	}
}

// dots sets s[i, j] = x[i] . w[j] for w in panels.
func (t *AttentionF32) dots(s, x []float32, ldx int, w []float32, rows int) {
	dim := t.a.Dim
	for j := 0; j < t.ld; j += PanelWidthBF16 {
		runPanel(panel[float32]{
			c: s[j:], cRow: t.ld,
			a: x, aRow: ldx, aStep: 1,
			b: w[j*dim:], bStep: PanelWidthBF16,
			steps: dim, rows: rows, cols: PanelWidthBF16,
		})
	}
}

// mix sets or increases y[i] by the sum over s < steps of x[i, s] * w[s].
func (t *AttentionF32) mix(y []float32, ldy int, x []float32, xRow, xStep int, w []float32, ldw, steps, rows int, add bool) {
	dim := t.a.Dim
	for c := 0; c < dim; c += PanelWidthBF16 {
		runPanel(panel[float32]{
			c: y[c:], cRow: ldy,
			a: x, aRow: xRow, aStep: xStep,
			b: w[c:], bStep: ldw,
			steps: steps, rows: rows, cols: min(PanelWidthBF16, dim-c), add: add,
		})
	}
}
