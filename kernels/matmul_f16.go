package kernels

import "fmt"

// MatMulF16 is MatMulT with a matrix of F16 numbers, which are converted as
// they are read; the bits are those of MatMulT with the same numbers.
func MatMulF16(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	if m <= 0 || w.N == 0 {
		return
	}
	if ldy < w.N || ldx < w.K {
		panic(fmt.Sprintf("kernels: MatMulF16: rows of %d and %d numbers, want at least %d and %d", ldy, ldx, w.N, w.K))
	}
	need("MatMulF16", "y", len(y), (m-1)*ldy+w.N)
	need("MatMulF16", "x", len(x), (m-1)*ldx+w.K)
	need("MatMulF16", "w", len(w.Data), PanelsLen(w.N, w.K))
	matMulF16(y, ldy, x, ldx, m, w)
}

// FastF16 tells whether MatMulF16 converts with an instruction of the
// processor, or MatMulT has no assembly either.
func FastF16() bool { return useF16() || active == generic }

// matMulF16Generic converts one k of a panel at a time, for all rows.
func matMulF16Generic(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	var column [PanelWidth]float32
	for j := 0; j < w.N; j += PanelWidth {
		n := min(PanelWidth, w.N-j)
		for i := range m {
			clear(y[i*ldy+j : i*ldy+j+n])
		}
		for k := range w.K {
			for c, h := range w.Data[j*w.K+k*PanelWidth:][:PanelWidth] {
				column[c] = h.Float32()
			}
			for i := range m {
				addProduct(y[i*ldy+j:i*ldy+j+n], x[i*ldx+k], &column)
			}
		}
	}
}

// addProduct sets y += v * column, never fused, as dotPanel.
func addProduct(y []float32, v float32, column *[PanelWidth]float32) {
	for c := range y {
		y[c] += float32(v * column[c])
	}
}
