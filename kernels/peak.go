package kernels

import (
	"sync"
	"time"
)

// peakSteps is the number of steps in one call of a peak loop.
const peakSteps = 1 << 14

// PeakF32 measures how many float32 operations a second this machine can do
// with the implementation in use: independent multiply-adds on registers, no
// memory, on the given number of threads at once. A multiply-add counts as
// two. It is the best of several short runs that fill the given time.
func PeakF32(threads int, d time.Duration) float64 {
	best := 0.0
	for end := time.Now().Add(d); best == 0 || time.Now().Before(end); {
		best = max(best, peakRun(threads))
	}
	return best
}

// peakRun is one run of a few milliseconds on all threads.
func peakRun(threads int) float64 {
	const calls = 16
	var wg sync.WaitGroup
	start := time.Now()
	for range threads {
		wg.Go(func() {
			for range calls {
				peakLoop(peakSteps)
			}
		})
	}
	wg.Wait()
	return float64(threads) * calls * peakSteps * float64(peakFlops()) / time.Since(start).Seconds()
}
