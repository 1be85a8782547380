//go:build purego || !(amd64 || arm64)

package kernels

func available() []implementation { return []implementation{generic} }
