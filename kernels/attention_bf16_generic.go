package kernels

// softmaxRowsGeneric turns scores t.s into probabilities t.p and fills stats.
func softmaxRowsGeneric(r scoreRows) {
	n, ld := r.t.a.P, r.t.ld
	for i := range r.rows {
		s, p := r.scores(i), r.t.p[i*ld:(i+1)*ld]
		most, sum := s[0], float32(0)
		for _, v := range s {
			most = max(most, v)
		}
		for j, v := range s {
			s[j] = exp(v - most)
			sum += s[j]
		}
		r.stats[2*i], r.stats[2*i+1] = most, 1/sum
		clear(p[n:])
		for j, v := range s {
			p[j] = ToBF16(v * r.stats[2*i+1])
		}
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

// softmaxGradGeneric computes the probabilities t.p again from t.s and, from
// their gradients t.dp, those of the scores: t.ds and dbias.
func softmaxGradGeneric(r scoreRows) {
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
