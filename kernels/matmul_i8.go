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
	checkI8("MatMulI8", len(y), ldy, w.N, x, m, w)
	matMulI8(y, ldy, x, m, w)
}

// checkI8 panics where a product with rows of n results, ldy apart, would leave a
// slice.
func checkI8(kernel string, y, ldy, n int, x *RowsI8, m int, w *PanelsI8) {
	if ldy < n || x.K != w.K {
		panic(fmt.Sprintf("kernels: %s: rows of %d and %d numbers, want at least %d and exactly %d", kernel, ldy, x.K, n, w.K))
	}
	if w.flip != flipI8() {
		panic(fmt.Sprintf("kernels: %s: a matrix that was laid out for other kernels than %s", kernel, ImplementationI8()))
	}
	need(kernel, "y", y, (m-1)*ldy+n)
	need(kernel, "x", len(x.Data), m*strideI8(x.K))
	need(kernel, "x.Scale", min(len(x.Scale), len(x.Shift)), m)
	need(kernel, "w", len(w.Data), PanelsI8Len(w.N, w.K))
	need(kernel, "w.Scale", len(w.Scale), w.N)
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
