//go:build simd && !purego

package kernels

import "unsafe"

//go:wasmimport simd mul_add
//go:noescape
func mulAddSIMD(y, w, x unsafe.Pointer, rows, d int32)

// mulAdd sets y[i, c] += w[c] * x[i, c] for n cells of len(w) channels.
func mulAdd(y, w, x []float32, n int) {
	if active == simd128 {
		need("mulAdd", "y", min(len(y), len(x)), n*len(w))
		mulAddSIMD(at(y), at(w), at(x), int32(n), int32(len(w)))
	} else {
		mulAddGeneric(y, w, x, n, 0)
	}
}

// Nobody trains here.
func sumProducts(dw, dy, x []float32, n int) { sumProductsGeneric(dw, dy, x, n, 0) }
