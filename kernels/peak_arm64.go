//go:build !purego

package kernels

// peakFlops returns the number of operations in a step of peakLoop.
func peakFlops() int {
	if useNEON() {
		return 24 * 4 * 2
	}
	return genericPeakFlops
}

func peakLoop(steps int) {
	if useNEON() {
		peakNEON(steps)
	} else {
		peakLoopGeneric(steps)
	}
}

//go:noescape
func peakNEON(steps int)
