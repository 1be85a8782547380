package kernels

func matMulTGeneric(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	for j := 0; j < w.N; j += PanelWidth {
		panel := w.Data[j*w.K : (j+PanelWidth)*w.K]
		n := min(PanelWidth, w.N-j)
		for i := range m {
			dotPanel(y[i*ldy+j:i*ldy+j+n], x[i*ldx:i*ldx+w.K], panel)
		}
	}
}

// dotPanel sets y[j] = sum over k of x[k] * panel[k, j], four j at a time. The
// conversions forbid the compiler to fuse, which it may do in one loop and not
// in another.
func dotPanel(y, x, panel []float32) {
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
		copy(y[j:], sums[:])
	}
}
