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
	//go:embed relaxed-js.wasm
	relaxed []byte
)

// Kernels returns the module for GOOS js or wasip1, which call their memory by
// different names. The relaxed one, for js only, needs relaxed SIMD: wazero
// cannot parse it. Both give the same integers and the same bits.
func Kernels(goos string, withRelaxed bool) []byte {
	switch {
	case withRelaxed:
		return relaxed
	case goos == "js":
		return js
	}
	return wasip1
}
