package cpu

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// fullSize is the published sudoku model.
func fullSize() runtime.Config {
	return runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}
}

// A segment of the full-size model in each format. ms is the best time per
// puzzle.
func BenchmarkSegment(b *testing.B) {
	c := fullSize()
	f32 := newModel(b, c)
	for _, format := range []quantize.Format{quantize.F32, quantize.F16, quantize.I8} {
		m := convert(b, f32, format)
		for _, lanes := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%v/%d", format, lanes), func(b *testing.B) { segmentTime(b, m, lanes) })
		}
	}
}

func segmentTime(b *testing.B, m *runtime.Model, lanes int) {
	batch := newBatch(b, newBackend(b, m, Options{}), inputs(&m.Config, lanes))
	all, out := make([]int, lanes), &runtime.Output{}
	for i := range all {
		all[i] = i
	}
	best := math.Inf(1)
	for b.Loop() {
		start := time.Now()
		if err := batch.Step(context.Background(), all, out); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start).Seconds()/float64(lanes))
	}
	b.ReportMetric(best*1000, "ms/puzzle")
	b.ReportMetric(13.74e9/best/1e9, "GOP/s")
}
