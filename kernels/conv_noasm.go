//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func mulAdd(y, w, x []float32, n int)        { mulAddGeneric(y, w, x, n, 0) }
func sumProducts(dw, dy, x []float32, n int) { sumProductsGeneric(dw, dy, x, n, 0) }
