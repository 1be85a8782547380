package kernels

import "math"

// scoreRows is some rows of one head's scores on their way through the softmax
// or its gradient. ld is the row length of every buffer of AttentionBF16.
type scoreRows struct {
	t           *AttentionBF16
	rows        int
	stats       []float32 // [rows, 2]
	bias, dbias []float32 // [rows, P] or nil, together for a gradient
}

// softmax is that of the scores but for its division, with top the largest of
// v = scale*s + bias:
//
//	p[j] = BF16(e^(v[j] - top))    stats = top, 1 / sum of e^(v - top)
//
// p is within 1e-4 of its size before it is rounded, and zero beyond the last
// position.
func (r *scoreRows) softmax() {
	need("softmax", "stats", len(r.stats), 2*r.rows)
	if r.rows == 0 || r.softmaxFast() {
		return
	}
	n, ld := r.t.a.P, r.t.ld
	for i := range r.rows {
		s, p := r.scores(i), r.t.p[i*ld:(i+1)*ld]
		top, sum := float32(math.Inf(-1)), float32(0)
		for _, v := range s {
			top = max(top, v)
		}
		for j, v := range s {
			e := float32(math.Exp(float64(v - top)))
			sum += e
			p[j] = ToBF16(e)
		}
		clear(p[n:])
		r.stats[2*i], r.stats[2*i+1] = top, 1/sum
	}
}

// scores sets a row of t.s to scale*s + bias and returns it.
func (r *scoreRows) scores(i int) []float32 {
	n := r.t.a.P
	s := r.t.s[i*r.t.ld:][:n]
	for j := range s {
		s[j] *= r.t.scale
	}
	if r.bias != nil {
		axpy(s, 1, r.bias[i*n:(i+1)*n])
	}
	return s
}

// gradient computes the probabilities t.p again from t.s and, from their gradients
// t.dp, those of the scores: t.ds and dbias.
func (r *scoreRows) gradient() {
	if r.rows == 0 || r.gradientFast() {
		return
	}
	n, ld := r.t.a.P, r.t.ld
	for i := range r.rows {
		s, dp := r.scores(i), r.t.dp[i*ld:][:n]
		for j, v := range s {
			s[j] = exp(v-r.stats[2*i]) * r.stats[2*i+1]
		}
		mean := dot(s, dp)
		for j := range dp {
			dp[j] = s[j] * (dp[j] - mean)
		}
		if r.dbias != nil {
			axpy(r.dbias[i*n:(i+1)*n], 1, dp)
		}
		for j, v := range s {
			r.t.p[i*ld+j], r.t.ds[i*ld+j] = ToBF16(v), ToBF16(dp[j]*r.t.scale)
		}
	}
}

// scaleRound rounds rows of x [rows, n], each multiplied by the second of its two
// stats, to rows of dst that are ldd apart.
func scaleRound(dst []BF16, ldd int, x, stats []float32, rows, n int) {
	if rows == 0 {
		return
	}
	need("scaleRound", "dst", len(dst), (rows-1)*ldd+n)
	if scaleRoundFast(dst, ldd, x, stats, rows, n) {
		return
	}
	for i := range rows {
		scale(x[i*n:(i+1)*n], stats[2*i+1])
		RoundBF16(dst[i*ldd:], x[i*n:(i+1)*n])
	}
}
