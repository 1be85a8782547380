package kernels

import "math"

// softmaxRowsF32 turns rows of n scores, lds apart, into probabilities:
//
//	s = exp(v - max v) / sum exp(v - max v)    v = by * s + bias
//
// bias is [rows, n] or nil. What lies beyond a row, to a multiple of 16, is changed too.
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
