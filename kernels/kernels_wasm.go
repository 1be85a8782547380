//go:build simd && !purego

package kernels

// The tag simd calls the kernels of wasm/simd, which wasm/build links into the
// module after Go: without that step it does not start. They give the bits of
// plain Go.

const simd128 implementation = "simd128" // WebAssembly with 128-bit vectors

func available() []implementation { return []implementation{generic, simd128} }
