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

//go:noescape
func peakBF16AVX512(steps int)

//go:noescape
func peakAMX(config *tileConfig, steps int)

// stepsOfTiles is how many steps one step of peakAMX counts as: one does far
// more than others do, and a run must be short on a busy machine.
const stepsOfTiles = 32

func peakBF16Loop(steps int) {
	if active == amx {
		var config tileConfig
		config.setProduct(32, 32, 16)
		peakAMX(&config, steps/stepsOfTiles)
		return
	}
	peakBF16AVX512(steps)
}

// peakBF16Flops returns the number of operations in a step of peakBF16Loop.
func peakBF16Flops() int {
	switch {
	case active == amx:
		return 32 * 32 * 32 * 2 / stepsOfTiles
	case useBF16():
		return 16 * 32 * 2
	}
	return 0
}

// peakData is what the loops multiply: zeros are quicker, seen 5.9 TOP/s of AMX
// instead of 4.7.
var peakData = func() (data [17 * 64]int8) {
	for i := range data {
		data[i] = int8(i*i*7 + i*37 + 11)
	}
	return data
}()

//go:noescape
func peakI8AMX(config *tileConfig, data *int8, steps int)

//go:noescape
func peakVNNI(data *int8, steps int)

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
		peakI8AMX(&config, &peakData[0], steps)
	case vnni:
		peakVNNI(&peakData[0], steps)
	case avxvnni:
		peakAVXVNNI(steps)
	case avx2:
		peakI8AVX2(steps)
	default:
		peakI8LoopGeneric(steps)
	}
}
