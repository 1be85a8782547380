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

// softmaxGradGeneric computes the probabilities of t.s again and, from their
// gradients t.dp, those of the scores: t.pPairs, t.ds, t.dsPairs and dbias.
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
		r.store(i, s, dp)
	}
	if r.rows%2 != 0 {
		r.store(r.rows, nil, nil)
	}
}

// store rounds row i; what lies past the end of p and ds is zero.
func (r *scoreRows) store(i int, p, ds []float32) {
	t := r.t
	for j := range t.ld {
		at := i/2*2*t.ld + 2*j + i%2
		var pb, dsb BF16
		if j < len(p) {
			pb, dsb = ToBF16(p[j]), ToBF16(ds[j]*t.scale)
		}
		t.pPairs[at], t.dsPairs[at], t.ds[i*t.ld+j] = pb, dsb, dsb
	}
}

// packKeysGeneric lays out src [rows, dim], its rows ld apart, as PanelsBF16
// does. What lies past the last row in dst is left as it is.
func packKeysGeneric(dst, src []BF16, ld, rows, dim int) {
	for r := range rows {
		panel := dst[r/PanelWidthBF16*PanelWidthBF16*dim:]
		for c := 0; c < dim; c += 2 {
			copy(panel[(c/2*PanelWidthBF16+r%PanelWidthBF16)*2:][:2], src[r*ld+c:])
		}
	}
}

// pairRowsGeneric is PairBF16 for BF16 rows that are ld apart.
func pairRowsGeneric(dst, src []BF16, ld, rows, dim int) {
	for r := range (rows + 1) / 2 * 2 {
		for c := range dim {
			var v BF16
			if r < rows {
				v = src[r*ld+c]
			}
			dst[r/2*2*dim+2*c+r%2] = v
		}
	}
}
