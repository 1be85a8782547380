//go:build !purego

package kernels

// peakFlops returns the number of operations in a step of peakLoop.
func peakFlops() int {
	switch active {
	case avx512, amx:
		return 24 * 16 * 2
	case avx2, avxvnni:
		return 12 * 8 * 2
	}
	return genericPeakFlops
}

func peakLoop(steps int) {
	switch active {
	case avx512, amx:
		peakAVX512(steps)
	case avx2, avxvnni:
		peakAVX2(steps)
	default:
		peakLoopGeneric(steps)
	}
}

//go:noescape
func peakAVX512(steps int)

//go:noescape
func peakAVX2(steps int)
