package kernels

import "fmt"

// MatMulI8 multiplies quantised rows with a quantised, transposed matrix:
//
//	y[i, j] = (sum over k of qx[i, k] * qw[j, k]) * x.Scale[i] * w.Scale[j]
//
// for the first m rows of x and j < w.N. Row i of y starts at y[i*ldy]. The sum
// is exact, in int32, for K up to 131,072 and wraps beyond; it is converted to
// float32 and multiplied from left to right. All implementations give the same
// bits.
//
// Against the float32 product of what was quantised, a result is off by at
// most the sum over k of |x|*dw + |w|*dx + dx*dw, where dx = x.Scale[i]/2 and
// dw = w.Scale[j]/2 are the steps of rounding.
func MatMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	if m <= 0 || w.N == 0 {
		return
	}
	if ldy < w.N || x.K != w.K {
		panic(fmt.Sprintf("kernels: MatMulI8: rows of %d and %d numbers, want at least %d and exactly %d", ldy, x.K, w.N, w.K))
	}
	need("MatMulI8", "y", len(y), (m-1)*ldy+w.N)
	need("MatMulI8", "x", len(x.Data), m*strideI8(x.K))
	need("MatMulI8", "x.Scale", min(len(x.Scale), len(x.Shift)), m)
	need("MatMulI8", "w", len(w.Data), PanelsI8Len(w.N, w.K))
	need("MatMulI8", "w.Scale", len(w.Scale), w.N)
	matMulI8(y, ldy, x, m, w)
}

// SwiGLUI8 is SwiGLU of MatMulI8: it sets, for j < w.N/2,
//
//	act[i, j] = silu(gate) * up    gate, up = (x . w^T)[i, 32(j/16) + j%16 + {0, 16}]
//
// so that each panel of gates is followed by one of their ups; w.N is a multiple
// of 32. It does nothing and returns false where that is not faster than the two
// in turn, which give the same to rounding.
func SwiGLUI8(act []float32, lda int, x *RowsI8, m int, w *PanelsI8) bool {
	if m <= 0 || w.N == 0 {
		return true
	}
	if lda < w.N/2 || x.K != w.K || w.N%(2*PanelWidth) != 0 {
		panic(fmt.Sprintf("kernels: SwiGLUI8: rows of %d and %d numbers for a matrix %d x %d", lda, x.K, w.N, w.K))
	}
	need("SwiGLUI8", "act", len(act), (m-1)*lda+w.N/2)
	need("SwiGLUI8", "x", len(x.Data), m*strideI8(x.K))
	need("SwiGLUI8", "x.Scale", len(x.Scale), m)
	need("SwiGLUI8", "w", len(w.Data), PanelsI8Len(w.N, w.K))
	need("SwiGLUI8", "w.Scale", len(w.Scale), w.N)
	return swiGLUI8(act, lda, x, m, w)
}

// ImplementationI8 names the kernels that MatMulI8 uses.
func ImplementationI8() string { return string(activeI8()) }

// FastI8 tells whether MatMulI8 is at least as fast as MatMulT of the same
// sizes. It is not where float32 has assembly and int8 has none.
func FastI8() bool { return activeI8() != generic || active == generic }

func matMulI8Generic(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	stride, padded, panel := strideI8(w.K), paddedI8(w.K), panelI8Len(w.K)
	for j := 0; j < w.N; j += PanelWidth {
		weights, n := w.Data[j*padded:j*padded+panel], min(PanelWidth, w.N-j)
		for i := range m {
			sums := dotPanelI8(x.Data[i*stride:i*stride+padded], weights)
			for c := range n {
				y[i*ldy+j+c] = float32(sums[c]) * x.Scale[i] * w.Scale[j+c]
			}
		}
	}
}

// dotPanelI8 returns sum over k of x[k] * panel[k, j] for the 16 j of a panel.
func dotPanelI8(x, panel []int8) (sums [PanelWidth]int32) {
	for ; len(x) > 0; x = x[groupI8:] {
		x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
		group := panel[:PanelWidth*groupI8]
		panel = panel[PanelWidth*groupI8:]
		for j := range sums {
			w := group[j*groupI8 : j*groupI8+groupI8]
			sums[j] += x0*int32(w[0]) + x1*int32(w[1]) + x2*int32(w[2]) + x3*int32(w[3])
		}
	}
	return sums
}
