package kernels

import "math"

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
	p, dim := t.a.P, t.a.Dim
	need("ForwardHead", "qkv", len(qkv), (p-1)*ldq+3*dim)
	t.packDots(&t.keys, qkv[dim:], ldq)
	t.rows.PackRows(qkv[2*dim:], ldq, p, dim)
}

// AttendHead is ForwardHead with the qkv that was packed last.
func (t *AttentionBF16) AttendHead(ctx []BF16, ldc int, qkv []BF16, ldq int, bias []float32, lo, hi int) {
	dim := t.a.Dim
	need("ForwardHead", "qkv", len(qkv), (t.a.P-1)*ldq+3*dim)
	for i := lo; i < hi; i += t.queries {
		rows := min(t.queries, hi-i)
		MatMulTBF16(t.s, t.ld, qkv[i*ldq:], ldq, rows, &t.keys, false)
		t.softmax(bias, i, rows)
		MatMulTBF16(t.dv, dim, t.p, t.ld, rows, &t.rows, false)
		scaleRoundRows(ctx[i*ldc:], ldc, t.dv[:rows*dim], t.inverse[:rows])
	}
}

// softmax is powers after what becomes bias, [P, P], is added to the scores of rows
// from i on.
func (t *AttentionBF16) softmax(bias []float32, i, rows int) {
	for r := 0; r < rows && bias != nil; r++ {
		axpy(t.s[r*t.ld:][:t.a.P], 1/t.scale, bias[(i+r)*t.a.P:])
	}
	t.powers(rows)
}

// powers is the softmax of rows of scores but for its division:
//
//	p[j] = BF16(e^(scale*(s[j] - max s)))    inverse = 1 / sum of e^(scale*(s[j] - max s))
//
// p is within 1e-4 of its size before it is rounded, and zero beyond the last
// position.
func (t *AttentionBF16) powers(rows int) {
	need("powers", "inverse", len(t.inverse), rows)
	if powersFast(t, rows) {
		return
	}
	for i := range rows {
		s, p := t.s[i*t.ld:(i+1)*t.ld], t.p[i*t.ld:(i+1)*t.ld]
		sum := float32(0)
		top := float32(math.Inf(-1))
		for _, v := range s[:t.a.P] {
			top = max(top, v)
		}
		for j, v := range s[:t.a.P] {
			e := float32(math.Exp(float64(t.scale * (v - top))))
			sum += e
			p[j] = ToBF16(e)
		}
		clear(p[t.a.P:])
		t.inverse[i] = 1 / sum
	}
}

// scaleRoundRows rounds rows of x [len(by), n], each multiplied by its number, to
// rows of dst that are ldd apart.
func scaleRoundRows(dst []BF16, ldd int, x, by []float32) {
	if len(by) == 0 {
		return
	}
	n := len(x) / len(by)
	need("scaleRoundRows", "dst", len(dst), (len(by)-1)*ldd+n)
	if scaleRoundFast(dst, ldd, x, by, n) {
		return
	}
	for i, f := range by {
		scale(x[i*n:(i+1)*n], f)
		RoundBF16(dst[i*ldd:], x[i*n:(i+1)*n])
	}
}
