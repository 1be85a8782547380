//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func matMulT(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	matMulTGeneric(y, ldy, x, ldx, m, w)
}
