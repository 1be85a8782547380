package kernels

import "math"

// HeadF32 is the attention of one head in float32, forward alone, with scratch that
// is used again. One goroutine uses it at a time.
type HeadF32 struct {
	p, dim  int
	scale   float32   // 1/sqrt(dim)
	ld      int       // length of a row of scores
	queries int       // rows of scores at a time
	scores  []float32 // [queries, ld]

	// Keys as they are, values transposed, for MatMulT; or, where there are few
	// positions and AVX-512, keys for AttentionF32, which takes values as they lie.
	keys, values *Panels
	panels       *AttentionF32
}

// fewPositions is the largest number of positions whose values, 32 columns of them,
// stay in the first-level cache however they lie.
const fewPositions = 128

// NewHeadF32 returns the attention of heads of dim numbers over p positions.
func NewHeadF32(p, dim int) *HeadF32 {
	t := &HeadF32{p: p, dim: dim, scale: float32(1 / math.Sqrt(float64(dim))), ld: scoreLen(p), queries: min(p, 96)}
	t.scores = make([]float32, t.queries*t.ld)
	if wideVectors() && p <= fewPositions {
		t.panels = &AttentionF32{a: AttentionShape{P: p, Heads: 1, Dim: dim}, ld: t.ld, keys: make([]float32, t.ld*dim)}
	} else {
		t.keys, t.values = NewPanels(p, dim), NewPanels(dim, p)
	}
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
	need("HeadF32", "qkv", len(qkv), (t.p-1)*ldq+3*t.dim)
	t.pack(qkv[t.dim:], qkv[2*t.dim:], ldq)
}

// Attend is Forward with the qkv that was packed last.
func (t *HeadF32) Attend(ctx []float32, ldc int, qkv []float32, ldq int, bias []float32, lo, hi int) {
	need("HeadF32", "qkv", len(qkv), (t.p-1)*ldq+3*t.dim)
	v := qkv[2*t.dim:]
	for i := lo; i < hi; i += t.queries {
		rows := min(t.queries, hi-i)
		t.dots(qkv[i*ldq:], ldq, rows)
		if bias == nil {
			softmaxRowsF32(t.scores, t.ld, rows, t.p, t.scale, nil)
		} else {
			softmaxRowsF32(t.scores, t.ld, rows, t.p, t.scale, bias[i*t.p:(i+rows)*t.p])
		}
		t.mix(ctx[i*ldc:], ldc, v, ldq, rows)
	}
}

func (t *HeadF32) pack(k, v []float32, ldq int) {
	if t.panels != nil {
		t.panels.packPanels(t.panels.keys, k, ldq)
		return
	}
	for j := range t.p {
		t.keys.SetRow(j, k[j*ldq:])
		t.values.SetCol(j, v[j*ldq:])
	}
}

func (t *HeadF32) dots(q []float32, ldq, rows int) {
	if t.panels != nil {
		t.panels.dots(t.scores, q, ldq, t.panels.keys, rows)
		return
	}
	MatMulT(t.scores, t.ld, q, ldq, rows, t.keys)
}

func (t *HeadF32) mix(ctx []float32, ldc int, v []float32, ldq, rows int) {
	if t.panels != nil {
		t.panels.mix(ctx, ldc, t.scores, t.ld, 1, v, ldq, t.p, rows, false)
		return
	}
	MatMulT(ctx, ldc, t.scores, t.ld, rows, t.values)
}

// softmaxRowsF32 is Softmax of rows of n numbers, lds apart; bias is [rows, n] or nil.
// What lies beyond a row, to a multiple of 16, is changed too.
func softmaxRowsF32(s []float32, lds, rows, n int, by float32, bias []float32) {
	if rows == 0 || n == 0 {
		return
	}
	need("softmaxRowsF32", "s", len(s), (rows-1)*lds+min(lds, (n+15)&^15))
	if bias != nil {
		need("softmaxRowsF32", "bias", len(bias), rows*n)
	}
	if softmaxF32Fast(s, lds, rows, n, by, bias) {
		return
	}
	for i := range rows {
		row := s[i*lds:][:min(lds, (n+15)&^15)]
		var b []float32
		if bias != nil {
			b = bias[i*n : (i+1)*n]
		}
		top := scaleMax(row[:n], b, by)
		// Powers of nothing fill the last vector, which is faster than what is left
		// of a row one by one.
		for j := n; j < len(row); j++ {
			row[j] = float32(math.Inf(-1))
		}
		scale(row[:n], 1/expSum(row, top))
	}
}
