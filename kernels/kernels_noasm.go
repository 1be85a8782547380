//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func available() []implementation { return []implementation{generic} }
