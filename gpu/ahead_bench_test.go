package gpu_test

import (
	"fmt"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train/data"
)

// BenchmarkSpeculate solves generated sudokus with segments computed ahead
// always, never, and where a batch thinks that it pays: the embedded model with
// learned halting, and one of the published size with four segments a puzzle.
func BenchmarkSpeculate(b *testing.B) {
	d := open(b)
	embedded, err := native.Default()
	check(b, err)
	full, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	check(b, err)
	in := make([]runtime.Input, 128)
	r := random(12)
	for i := range in {
		s := data.Ordinary(28, r)
		in[i].Tokens = s.Question.Tokens()
	}
	for _, m := range []struct {
		name  string
		model *runtime.Model
		halt  runtime.Halt
	}{{"embedded", embedded, runtime.HaltLearned(1)}, {"full", full, runtime.HaltFixed(4)}} {
		onGPU, err := gpu.New(d, m.model)
		check(b, err)
		for _, lanes := range []int{1, 8, 32} {
			for _, s := range []gpu.Speculation{gpu.SpeculateNever, gpu.SpeculateAuto, gpu.SpeculateAlways} {
				onGPU.Speculate(s)
				b.Run(fmt.Sprintf("%s/lanes=%d/%v", m.name, lanes, s), func(b *testing.B) {
					puzzles := in[:min(len(in), 4*lanes)]
					segments := 0
					for b.Loop() {
						results, err := runtime.Solve(b.Context(), onGPU, puzzles, runtime.Options{Lanes: lanes, Halt: m.halt})
						check(b, err)
						for _, r := range results {
							segments += r.TotalSegments
						}
					}
					b.ReportMetric(float64(segments)/b.Elapsed().Seconds(), "segments/s")
				})
			}
		}
		check(b, onGPU.Close())
	}
}
