//go:build !purego

package kernels

import "unsafe"

// packDotsAVX512 lays out 16 rows of src, each of octets*8 numbers, as half a
// panel. Strides are in bytes.
//
//go:noescape
func packDotsAVX512(dst, src *BF16, srcRow, octets int)

// pairRowsAVX512 interleaves pairs of rows of cols numbers, a multiple of 16, into
// panels that lie panel bytes apart.
//
//go:noescape
func pairRowsAVX512(dst *BF16, panel int, src *BF16, srcRow, pairs, cols int)

// transposeAVX512 transposes 32 rows of octets*8 numbers.
//
//go:noescape
func transposeAVX512(dst *BF16, dstRow int, src *BF16, srcRow, octets int)

// packDotsFast packs the first rows of w, a multiple of 16, and returns how
// many.
func packDotsFast(p *PanelsBF16, w []BF16, ldw, n, k int) int {
	n &^= 15
	if !useBF16() || n == 0 || k == 0 || k%8 != 0 {
		return 0
	}
	_ = w[(n-1)*ldw+k-1]
	for j := 0; j < n; j += 16 {
		out := p.Data[j/PanelWidthBF16*p.panelLen():][:p.panelLen()]
		packDotsAVX512(&out[j%PanelWidthBF16*2], &w[j*ldw], 2*ldw, k/8)
	}
	return n
}

// pairRowsFast does the first columns, a multiple of 16, of all pairs of rows
// of x, and returns how many.
func pairRowsFast(p *PanelsBF16, x []BF16, ldx, rows, n int) int {
	n &^= 15
	if !useBF16() || n == 0 || rows < 2 {
		return 0
	}
	_ = x[(rows-1)*ldx+n-1]
	pairRowsAVX512(&p.Data[0], 2*p.panelLen(), &x[0], 2*ldx, rows/2, n)
	return n
}

// transposeFast does the first columns, a multiple of 8, and returns how many;
// rows is a multiple of 32.
func transposeFast(dst []BF16, ld int, src []BF16, rows, cols int) int {
	n := cols &^ 7
	if !useBF16() || n == 0 || rows == 0 {
		return 0
	}
	_ = dst[(n-1)*ld+rows-1]
	for r := 0; r < rows; r += 32 {
		transposeAVX512(&dst[r], 2*ld, &src[r*cols], 2*cols, n/8)
	}
	return n
}

// packPanelsFast lays out the first rows of x, a multiple of 16, in panels of 32
// float32, which it takes for pairs of BF16, and returns how many.
func packPanelsFast(panels, x []float32, ldx, rows, dim int) int {
	rows &^= 15
	if !useAVX512() || rows == 0 || dim == 0 || dim%4 != 0 {
		return 0
	}
	_ = x[(rows-1)*ldx+dim-1]
	for j := 0; j < rows; j += 16 {
		out := panels[j/PanelWidthBF16*PanelWidthBF16*dim:][:PanelWidthBF16*dim]
		packDotsAVX512((*BF16)(unsafe.Pointer(&out[j%PanelWidthBF16])), (*BF16)(unsafe.Pointer(&x[j*ldx])), 4*ldx, dim/4)
	}
	return rows
}
