//go:build !purego

package kernels

// peakFlops returns the number of operations in a step of peakLoop.
func peakFlops() int {
	if active == neon {
		return 24 * 4 * 2
	}
	return genericPeakFlops
}

func peakLoop(steps int) {
	if active == neon {
		peakNEON(steps)
	} else {
		peakLoopGeneric(steps)
	}
}

//go:noescape
func peakNEON(steps int)
