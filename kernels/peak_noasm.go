//go:build purego || !(amd64 || arm64)

package kernels

func peakFlops() int { return genericPeakFlops }

func peakLoop(steps int) { peakLoopGeneric(steps) }
