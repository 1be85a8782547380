//go:build purego || !(amd64 || (wasm && simd))

package kernels

func useF16() bool { return false }

func matMulF16(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	matMulF16Generic(y, ldy, x, ldx, m, w)
}
