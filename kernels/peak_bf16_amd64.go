//go:build !purego

package kernels

//go:noescape
func peakBF16AVX512(steps int)

func peakBF16Loop(steps int) { peakBF16AVX512(steps) }

// peakBF16Flops returns the number of operations in a step of peakBF16Loop.
func peakBF16Flops() int {
	if useBF16() {
		return 16 * 32 * 2
	}
	return 0
}
