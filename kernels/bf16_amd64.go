//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

// useBF16 tells whether the AVX512_BF16 instructions may be used.
func useBF16() bool { return useAVX512() && cpu.X86.HasAVX512BF16 }

//go:noescape
func roundBF16AVX512(dst *BF16, src *float32, n int)

//go:noescape
func expandBF16AVX512(dst *float32, src *BF16, n int)

// roundBF16Fast and expandBF16Fast do the first numbers, a multiple of 16, and
// return how many.
func roundBF16Fast(dst []BF16, src []float32) int {
	n := len(src) &^ 15
	if !useBF16() || n == 0 {
		return 0
	}
	_ = dst[n-1]
	roundBF16AVX512(&dst[0], &src[0], n)
	return n
}

func expandBF16Fast(dst []float32, src []BF16) int {
	n := len(src) &^ 15
	if !useAVX512() || n == 0 {
		return 0
	}
	_ = dst[n-1]
	expandBF16AVX512(&dst[0], &src[0], n)
	return n
}
