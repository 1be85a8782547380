//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

// NEON with products of bytes.
const (
	sdot implementation = "sdot" // four at a time
	i8mm implementation = "i8mm" // tiles of 2 x 8 x 2, too
)

// available needs no look at the processor for NEON, which is part of arm64.
func available() []implementation {
	all := []implementation{generic, neon}
	if cpu.ARM64.HasASIMDDP {
		all = append(all, sdot)
		if cpu.ARM64.HasI8MM {
			all = append(all, i8mm)
		}
	}
	return all
}

// useNEON tells whether the float32 kernels are NEON's.
func useNEON() bool { return active != generic }
