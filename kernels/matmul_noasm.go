//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func product(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	productGeneric(y, ldy, x, m, w, add)
}
