//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

func available() []implementation {
	all := []implementation{generic}
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA {
		all = append(all, avx2)
	}
	if len(all) == 2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		all = append(all, avx512)
	}
	if len(all) == 3 && hasAMX() {
		all = append(all, amx)
	}
	return all
}
