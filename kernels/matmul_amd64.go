//go:build !purego

package kernels

import "unsafe"

func matMulT(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	switch active {
	case avx512, amx:
		matMulTAVX512(y, ldy, x, ldx, m, w)
	case avx2, avxvnni:
		matMulTAVX2(y, ldy, x, ldx, m, w)
	default:
		matMulTGeneric(y, ldy, x, ldx, m, w)
	}
}

// The tiles set y[i, j] for a fixed number of rows. Strides are in bytes. cols
// has a bit for each of 32 columns that is written.

//go:noescape
func tile14AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *float32, k int, cols uint32, next *float32)

//go:noescape
func tile8AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *float32, k int, cols uint32)

//go:noescape
func tile4AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *float32, k int, cols uint32)

//go:noescape
func tile2AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *float32, k int, cols uint32)

//go:noescape
func tile1AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *float32, k int, cols uint32)

// matMulTAVX512 runs all rows over two panels before it goes on to the next
// two, so that the panels stay in the second-level cache. The first two tiles
// of 14 rows fetch the next two panels, which lie further away.
func matMulTAVX512(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	const width = 2 * PanelWidth
	panel := PanelWidth * w.K
	ahead := w.Data[:cap(w.Data)] // beyond w lie panels that a later call needs
	for j := 0; j < w.N; j += width {
		w0 := unsafe.SliceData(w.Data[j*w.K:])
		w1 := w0 // where the last panel has no neighbour: computed, not stored
		if j+PanelWidth < w.N {
			w1 = unsafe.SliceData(w.Data[j*w.K+panel:])
		}
		cols := uint32(1<<min(width, w.N-j) - 1)
		next := ahead[min((j+width)*w.K, len(ahead)):]
		for i := 0; i < m; {
			yi, xi := &y[i*ldy+j], unsafe.SliceData(x[i*ldx:])
			switch rows := m - i; {
			case rows >= 14:
				tile14AVX512(yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols, unsafe.SliceData(next))
				i, next = i+14, next[min(panel, len(next)):]
			case rows >= 8:
				tile8AVX512(yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols)
				i += 8
			case rows >= 4:
				tile4AVX512(yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols)
				i += 4
			case rows >= 2:
				tile2AVX512(yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols)
				i += 2
			default:
				tile1AVX512(yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols)
				i++
			}
		}
	}
}

// mask points at 16 words, ones for the columns that are written; nil: all.

//go:noescape
func tile6AVX2(y *float32, ldy int, x *float32, ldx int, w *float32, k int, mask *uint32, next *float32)

//go:noescape
func tile4AVX2(y *float32, ldy int, x *float32, ldx int, w *float32, k int, mask *uint32)

//go:noescape
func tile1AVX2(y *float32, ldy int, x *float32, ldx int, w *float32, k int, mask *uint32)

// columnMasks holds 16 words of ones, then of zeros: from word 16-n on they
// mask n columns.
var columnMasks = func() (masks [2 * PanelWidth]uint32) {
	for i := range PanelWidth {
		masks[i] = 1<<32 - 1
	}
	return masks
}()

// matMulTAVX2 goes panel by panel; the first two tiles of 6 rows fetch the next
// panel.
func matMulTAVX2(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	ahead := w.Data[:cap(w.Data)]
	for j := 0; j < w.N; j += PanelWidth {
		panel, next := unsafe.SliceData(w.Data[j*w.K:]), ahead[(j+PanelWidth)*w.K:]
		var mask *uint32
		if n := w.N - j; n < PanelWidth {
			mask = &columnMasks[PanelWidth-n]
		}
		for i := 0; i < m; {
			yi, xi := &y[i*ldy+j], unsafe.SliceData(x[i*ldx:])
			switch rows := m - i; {
			case rows >= 6:
				tile6AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask, unsafe.SliceData(next))
				i, next = i+6, next[min(PanelWidth/2*w.K, len(next)):]
			case rows >= 4:
				tile4AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask)
				i += 4
			default:
				tile1AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask)
				i++
			}
		}
	}
}
