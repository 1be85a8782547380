//go:build !purego

package kernels

// available needs no look at the processor: NEON is part of arm64.
func available() []implementation { return []implementation{generic, neon} }
