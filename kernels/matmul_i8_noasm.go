//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func activeI8() implementation { return generic }

func matMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	matMulI8Generic(y, ldy, x, m, w)
}
