//go:build purego || !(amd64 || arm64)

package kernels

func peakI8Ops() int { return genericPeakI8Ops }

func peakI8Loop(steps int) { peakI8LoopGeneric(steps) }
