//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

func available() []implementation {
	all := []implementation{generic}
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA {
		all = append(all, avx2)
	}
	if len(all) == 2 && x.HasAVXVNNI {
		all = append(all, avxvnni)
	}
	if len(all) > 1 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		all = append(all, avx512)
		if hasAMX() {
			all = append(all, amx)
		}
	}
	return all
}

// avxvnni is avx2 with products of bytes, which processors without AVX-512 have
// too.
const avxvnni implementation = "avxvnni"

// useAVX2 tells whether the AVX2 kernels are in use, and no wider ones.
func useAVX2() bool { return active == avx2 || active == avxvnni }
