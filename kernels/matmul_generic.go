package kernels

// productGeneric sets or, with add, increases y [m, w.N] by x . w^T. A row of x that
// has a step has at most outerRows numbers.
func productGeneric(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	var gathered [outerRows]float32
	for j := 0; j < w.N; j += PanelWidth {
		panel := w.Data[j*w.K : (j+PanelWidth)*w.K]
		n := min(PanelWidth, w.N-j)
		for i := range m {
			row := x.x[i*x.row:]
			if x.step != 1 {
				for k := range w.K {
					gathered[k] = row[k*x.step]
				}
				row = gathered[:]
			}
			dotPanel(y[i*ldy+j:i*ldy+j+n], row[:w.K], panel, add)
		}
	}
}

// dotPanel sets or increases y[j] by the sum over k of x[k] * panel[k, j], four j
// at a time. The conversions forbid the compiler to fuse, which it may do in one
// loop and not in another.
func dotPanel(y, x, panel []float32, add bool) {
	for j := 0; j < len(y); j += 4 {
		var s0, s1, s2, s3 float32
		for k, v := range x {
			w := panel[k*PanelWidth+j : k*PanelWidth+j+4]
			s0 += float32(v * w[0])
			s1 += float32(v * w[1])
			s2 += float32(v * w[2])
			s3 += float32(v * w[3])
		}
		sums := [4]float32{s0, s1, s2, s3}
		if add {
			addGeneric(y[j:min(j+4, len(y))], sums[:])
		} else {
			copy(y[j:], sums[:])
		}
	}
}
