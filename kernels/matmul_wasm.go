//go:build simd && !purego

package kernels

import "unsafe"

//go:wasmimport simd matmul_f32
//go:noescape
func matMulF32SIMD(y unsafe.Pointer, ldy int32, x unsafe.Pointer, ldx, m int32, w unsafe.Pointer, n, k int32, work unsafe.Pointer)

// work is where the products copy 32 steps of 48 rows and of 4 columns to, and
// the edge of a result: what simd.h lays out. There is one thread, and nothing
// yields it while a product runs.
var work [48*32*4 + 32*8 + 48*8 + 8]float32

func product(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	if active != simd128 || x.step != 1 || add {
		productGeneric(y, ldy, x, m, w, add)
		return
	}
	matMulPanels(y, ldy, x.x, x.row, m, w.Data, w.N, w.K)
}

func matMulPanels(y []float32, ldy int, x []float32, ldx, m int, panels []float32, n, k int) {
	matMulF32SIMD(at(y), int32(ldy), at(x), int32(ldx), int32(m), at(panels), int32(n), int32(k), unsafe.Pointer(&work))
}

// at is the address of a slice's first number.
func at[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

//go:wasmimport simd decode_f16
//go:noescape
func decodeF16SIMD(out, in unsafe.Pointer, n int32)

func useF16() bool { return active == simd128 }

// panelOfF16 is a panel of matMulF16, used as work is.
var panelOfF16 []float32

func matMulF16(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	if active != simd128 {
		matMulF16Generic(y, ldy, x, ldx, m, w)
		return
	}
	size := PanelWidth * w.K
	if len(panelOfF16) < size {
		panelOfF16 = make([]float32, size)
	}
	for j := 0; j < w.N; j += PanelWidth {
		decodeF16SIMD(at(panelOfF16), at(w.Data[j*w.K:]), int32(size))
		matMulPanels(y[j:], ldy, x, ldx, m, panelOfF16, min(PanelWidth, w.N-j), w.K)
	}
}

//go:wasmimport simd relaxed
func relaxedSIMD() int32

//go:wasmimport simd matmul_i8
//go:noescape
func matMulI8SIMD(y unsafe.Pointer, ldy int32, x unsafe.Pointer, ldx, m int32, w unsafe.Pointer, n, k int32, sx, shift, sw, work unsafe.Pointer)

// relaxed is simd128 with byte products of relaxed SIMD, where this machine's
// are exact.
const relaxed implementation = "simd128-relaxed"

func activeI8() implementation {
	if active == simd128 && relaxedSIMD() != 0 {
		return relaxed
	}
	return active
}

func matMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	if active != simd128 {
		matMulI8Generic(y, ldy, x, m, w)
		return
	}
	matMulI8SIMD(at(y), int32(ldy), at(x.Data), int32(strideI8(w.K)), int32(m), at(w.Data), int32(w.N), int32(paddedI8(w.K)),
		at(x.Scale), at(x.Shift), at(w.Scale), unsafe.Pointer(&work))
}
