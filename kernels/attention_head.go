package kernels

// ForwardHead is Forward for head h and the positions from lo to hi-1 of ctx,
// which is not rounded, without stats.
func (t *AttentionBF16) ForwardHead(ctx []float32, qkv []BF16, bias []float32, h, lo, hi int) {
	a, d := t.a, t.a.Heads*t.a.Dim
	ctx, qkv, bias = ctx[:a.P*d], qkv[:3*a.P*d], a.cutBias(bias)
	if len(t.stats) == 0 {
		t.stats = make([]float32, 2*a.P*a.Heads)
	}
	hd := newHeadBF16(t, t.stats, qkv, bias, h)
	t.keys.PackDots(hd.k, 3*d, a.P, a.Dim)
	t.rows.PackRows(hd.v, 3*d, a.P, a.Dim)
	for i := lo; i < hi; i += t.queries {
		rows := min(t.queries, hi-i)
		MatMulTBF16(t.s, t.ld, hd.q[i*3*d:], 3*d, rows, &t.keys, false)
		softmaxRows(t.scoreRows(&hd, i, rows))
		MatMulTBF16(ctx[i*d+h*a.Dim:], d, t.p, t.ld, rows, &t.rows, false)
	}
}
