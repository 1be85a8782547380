//go:build purego || !(amd64 || arm64)

package kernels

func peakFlops() int     { return genericPeakFlops }
func peakLoop(steps int) { peakLoopGeneric(steps) }

func peakI8Ops() int       { return genericPeakI8Ops }
func peakI8Loop(steps int) { peakI8LoopGeneric(steps) }
