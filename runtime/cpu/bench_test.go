package cpu

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// fullSize is the published sudoku model.
func fullSize() runtime.Config {
	return runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}
}

// A segment of the full-size model. ms is the best time per puzzle, peak the
// share of what kernels.PeakF32 measures just before.
func BenchmarkSegment(b *testing.B) {
	c := fullSize()
	m := newModel(b, c)
	for _, lanes := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(lanes), func(b *testing.B) {
			backend := newBackend(b, m, Options{})
			batch := newBatch(b, backend, inputs(&c, lanes))
			all, out := make([]int, lanes), &runtime.Output{}
			for i := range all {
				all[i] = i
			}
			peak := kernels.PeakF32(backend.Threads(), 100*time.Millisecond)
			best := math.Inf(1)
			for b.Loop() {
				start := time.Now()
				if err := batch.Step(context.Background(), all, out); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start).Seconds()/float64(lanes))
			}
			b.ReportMetric(best*1000, "ms/puzzle")
			b.ReportMetric(13.74e9/best/1e9, "GFLOP/s")
			b.ReportMetric(100*13.74e9/best/peak, "%peak")
		})
	}
}
