// Package simd holds the kernels of package kernels for WebAssembly with
// 128-bit vectors, as small modules that wasm/build links into those of Go.
//
// Go cannot emit vector instructions. The kernels are C, see c/simd.h, compiled
// to modules that import the memory of the Go program and work on its slices.
package simd

import _ "embed"

//go:generate sh c/build.sh .

var (
	//go:embed simd128-js.wasm
	js []byte
	//go:embed simd128-wasip1.wasm
	wasip1 []byte
)

// Kernels returns the module for GOOS js or wasip1, which call their memory by
// different names.
func Kernels(goos string) []byte {
	if goos == "js" {
		return js
	}
	return wasip1
}

// Relaxed is a module with the int8 product in relaxed SIMD, which not every
// host can parse. Where one can, and relaxed() of the module says that its sums
// are exact there, its functions take the place of those of the same name in a
// linked module of GOOS=js: wasm/npm/lib/relaxed.js does that. They give the same
// integers and the same bits.
//
//go:embed relaxed-js.wasm
var Relaxed []byte
