//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useF16 tells whether there is an instruction that converts. AVX-512 has it.
func useF16() bool { return useAVX512() || useAVX2() && cpu.X86.HasF16C }

func matMulF16(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	switch {
	case !useF16():
		matMulF16Generic(y, ldy, x, ldx, m, w)
	case useAVX512():
		matMulF16AVX512(y, ldy, x, ldx, m, w)
	default:
		matMulF16AVX2(y, ldy, x, ldx, m, w)
	}
}

// The tiles are those of float32 with other loads of w: see matmul_amd64.go.

//go:noescape
func tile14F16AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32, next *F16)

//go:noescape
func tile8F16AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32)

//go:noescape
func tile4F16AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32)

//go:noescape
func tile2F16AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32)

//go:noescape
func tile1F16AVX512(y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32)

// matMulF16AVX512 goes as matMulTAVX512.
func matMulF16AVX512(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	const width = 2 * PanelWidth
	panel := PanelWidth * w.K
	ahead := w.Data[:cap(w.Data)]
	for j := 0; j < w.N; j += width {
		w0 := unsafe.SliceData(w.Data[j*w.K:])
		w1 := w0
		if j+PanelWidth < w.N {
			w1 = unsafe.SliceData(w.Data[j*w.K+panel:])
		}
		cols := uint32(1<<min(width, w.N-j) - 1)
		next := ahead[min((j+width)*w.K, len(ahead)):]
		for i := 0; i < m; {
			yi, xi := &y[i*ldy+j], unsafe.SliceData(x[i*ldx:])
			n := tileF16AVX512(m-i, yi, 4*ldy, xi, 4*ldx, w0, w1, w.K, cols, unsafe.SliceData(next))
			if i += n; n == 14 {
				next = next[min(panel, len(next)):]
			}
		}
	}
}

// tileF16AVX512 runs the largest tile of at most rows and returns its rows.
func tileF16AVX512(rows int, y *float32, ldy int, x *float32, ldx int, w0, w1 *F16, k int, cols uint32, next *F16) int {
	switch {
	case rows >= 14:
		tile14F16AVX512(y, ldy, x, ldx, w0, w1, k, cols, next)
		return 14
	case rows >= 8:
		tile8F16AVX512(y, ldy, x, ldx, w0, w1, k, cols)
		return 8
	case rows >= 4:
		tile4F16AVX512(y, ldy, x, ldx, w0, w1, k, cols)
		return 4
	case rows >= 2:
		tile2F16AVX512(y, ldy, x, ldx, w0, w1, k, cols)
		return 2
	}
	tile1F16AVX512(y, ldy, x, ldx, w0, w1, k, cols)
	return 1
}

//go:noescape
func tile6F16AVX2(y *float32, ldy int, x *float32, ldx int, w *F16, k int, mask *uint32, next *F16)

//go:noescape
func tile4F16AVX2(y *float32, ldy int, x *float32, ldx int, w *F16, k int, mask *uint32)

//go:noescape
func tile1F16AVX2(y *float32, ldy int, x *float32, ldx int, w *F16, k int, mask *uint32)

// matMulF16AVX2 goes as matMulTAVX2.
func matMulF16AVX2(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
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
				tile6F16AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask, unsafe.SliceData(next))
				i, next = i+6, next[min(PanelWidth/2*w.K, len(next)):]
			case rows >= 4:
				tile4F16AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask)
				i += 4
			default:
				tile1F16AVX2(yi, 4*ldy, xi, 4*ldx, panel, w.K, mask)
				i++
			}
		}
	}
}
