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
	return peak(threads, d, peakLoop, peakFlops())
}

// PeakBF16 is PeakF32 for products of BF16 numbers with float32 sums, or 0
// where the processor has no instruction for them.
func PeakBF16(threads int, d time.Duration) float64 {
	if peakBF16Flops() == 0 {
		return 0
	}
	return peak(threads, d, peakBF16Loop, peakBF16Flops())
}

// BF16Pays reports whether this processor multiplies BF16 numbers faster than float32:
// some have instructions for them that are half as fast. It is measured once, on one
// thread, which takes some milliseconds.
var BF16Pays = sync.OnceValue(func() bool {
	const long = 4 * time.Millisecond
	return HasBF16() && PeakBF16(1, long) > PeakF32(1, long)
})

// PeakI8 is PeakF32 for the products of int8 numbers, with sums in int32, that
// MatMulI8 is made of.
func PeakI8(threads int, d time.Duration) float64 {
	return peak(threads, d, peakI8Loop, peakI8Ops())
}

func peak(threads int, d time.Duration, loop func(steps int), flops int) float64 {
	best := 0.0
	for end := time.Now().Add(d); best == 0 || time.Now().Before(end); {
		best = max(best, peakRun(threads, loop, flops))
	}
	return best
}

// peakRun is one run of a few milliseconds on all threads at once: the sum of what
// each did in its best call, so that other work on the machine counts little.
func peakRun(threads int, loop func(steps int), flops int) float64 {
	const calls = 16
	best := make([]time.Duration, threads)
	var wg sync.WaitGroup
	for i := range threads {
		wg.Go(func() {
			for call := range calls {
				start := time.Now()
				loop(peakSteps)
				if d := time.Since(start); call == 0 || d < best[i] {
					best[i] = d
				}
			}
		})
	}
	wg.Wait()
	sum := 0.0
	for _, d := range best {
		sum += peakSteps * float64(flops) / d.Seconds()
	}
	return sum
}
