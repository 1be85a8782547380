//go:build !purego

package kernels

import "unsafe"

// packDotsAVX512 lays out 16 rows of src, each of octets*8 numbers, with pairs of
// all of them side by side. Strides are in bytes.
//
//go:noescape
func packDotsAVX512(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow, octets int)

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
		packDotsAVX512(unsafe.Pointer(&out[j%PanelWidthBF16*2]), 4*PanelWidthBF16, unsafe.Pointer(&w[j*ldw]), 2*ldw, k/8)
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

// packRowsFast sets the first rows of p, a multiple of 16, and returns how many: a
// float32 is moved as a pair of BF16.
func packRowsFast(p *Panels, w []float32, ldw int) int {
	n := p.N &^ 15
	if !useAVX512() || n == 0 || p.K == 0 || p.K%4 != 0 {
		return 0
	}
	_ = w[(n-1)*ldw+p.K-1]
	for j := 0; j < n; j += PanelWidth {
		out := p.Data[j*p.K:][:PanelWidth*p.K]
		packDotsAVX512(unsafe.Pointer(&out[0]), 4*PanelWidth, unsafe.Pointer(&w[j*ldw]), 4*ldw, p.K/4)
	}
	return n
}

// copyRowsAVX2 copies 16 numbers of each row of src, whose rows are srcRow bytes
// apart.
//
//go:noescape
func copyRowsAVX2(dst, src *float32, srcRow, rows int)

// packColsFast sets the first columns of all rows, a multiple of 16, and returns
// how many.
func packColsFast(p *Panels, w []float32, ldw int) int {
	n := p.N &^ 15
	if active == generic || n == 0 || p.K == 0 {
		return 0
	}
	_ = w[(p.K-1)*ldw+n-1]
	for j := 0; j < n; j += PanelWidth {
		out := p.Data[j*p.K:][:PanelWidth*p.K]
		copyRowsAVX2(&out[0], &w[j], 4*ldw, p.K)
	}
	return n
}
