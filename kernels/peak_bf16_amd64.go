//go:build !purego

package kernels

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
