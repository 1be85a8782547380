//go:build !purego

package kernels

//go:noescape
func peakI8AMX(config *tileConfig, steps int)

//go:noescape
func peakVNNI(steps int)

//go:noescape
func peakAVXVNNI(steps int)

//go:noescape
func peakI8AVX2(steps int)

// peakI8Ops returns the number of operations in a step of peakI8Loop.
func peakI8Ops() int {
	switch activeI8() {
	case amx:
		return 4 * 16 * 16 * stepAMX * 2
	case vnni:
		return 24 * 64 * 2
	case avxvnni:
		return 12 * 32 * 2
	case avx2:
		return 8 * 32 * 2
	}
	return genericPeakI8Ops
}

func peakI8Loop(steps int) {
	switch activeI8() {
	case amx:
		var config tileConfig
		config.setProduct(32, 32, 16)
		peakI8AMX(&config, steps)
	case vnni:
		peakVNNI(steps)
	case avxvnni:
		peakAVXVNNI(steps)
	case avx2:
		peakI8AVX2(steps)
	default:
		peakI8LoopGeneric(steps)
	}
}
