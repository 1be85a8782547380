//go:build unix

package cpu

import (
	"flag"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

var benchLanes = flag.Int("lanes", 64, "lanes of BenchmarkStep")

// BenchmarkStep times steps of the models that CPU training is tuned for, by
// the clock and by processor time, the better measure on a busy machine. %peak
// is the share of one core's measured matrix peak in that processor time.
//
// bench/pytorch/train_step.py does the same step in PyTorch.
func BenchmarkStep(b *testing.B) {
	for _, m := range []struct {
		hidden, heads, hCycles, lCycles int
		expansion                       float64
	}{
		{64, 4, 1, 3, 4}, // preset sudoku-cpu
		{128, 4, 1, 3, 3},
		{128, 4, 2, 4, 4},
		{256, 8, 2, 4, 4},
	} {
		for _, bf16 := range []bool{false, true} {
			spec := relatedSpec(m.hidden, *benchLanes, bf16)
			c := &spec.Config
			c.Heads, c.HCycles, c.LCycles, c.Expansion, c.Positions = m.heads, m.hCycles, m.lCycles, m.expansion, runtime.NoPos
			b.Run(fmt.Sprintf("hidden %d expansion %v bf16 %v", m.hidden, m.expansion, bf16), func(b *testing.B) { benchStep(b, spec) })
		}
	}
}

// BenchmarkCandidateStep times steps of a model whose positions are candidates.
func BenchmarkCandidateStep(b *testing.B) {
	for _, bf16 := range []bool{false, true} {
		spec := relatedSpec(32, *benchLanes, bf16)
		c := &spec.Config
		c.Relations, c.Positions, c.PuzzleEmbDim, c.PuzzleEmbLen = "", runtime.NoPos, 0, 0
		c.Mixing, c.HaltPool, c.InterSize, c.Heads, c.HCycles, c.LCycles = runtime.CandidateMixing, runtime.SoftMin, 64, 1, 1, 3
		b.Run(fmt.Sprintf("bf16 %v", bf16), func(b *testing.B) { benchStep(b, spec) })
	}
}

// BenchmarkColourStep times steps of preset mini-arc-cpu, on 5 x 5 cells.
func BenchmarkColourStep(b *testing.B) {
	for _, bf16 := range []bool{false, true} {
		spec := relatedSpec(32, *benchLanes, bf16)
		c := &spec.Config
		c.VocabSize, c.SeqLen, c.Cols, c.Relations, c.Positions = runtime.LegendPainted+9, 35, 5, "", runtime.NoPos
		c.Mixing, c.Conv, c.HaltPool, c.InterSize, c.PuzzleEmbLen, c.Heads, c.HCycles, c.LCycles = runtime.ColourMixing, 3, runtime.SoftMin, 64, 0, 1, 1, 2
		c.PuzzleEmbDim, c.NumPuzzles = runtime.ColourBlocks*c.Hidden, 3
		b.Run(fmt.Sprintf("bf16 %v", bf16), func(b *testing.B) { benchStep(b, spec) })
	}
}

// BenchmarkMazeStep times steps of preset maze-cpu, on 30 x 30 cells.
func BenchmarkMazeStep(b *testing.B) {
	for _, bf16 := range []bool{false, true} {
		spec := relatedSpec(64, *benchLanes, bf16)
		c := &spec.Config
		c.VocabSize, c.SeqLen, c.Relations, c.Positions = 6, 900, "", runtime.NoPos
		c.Mixing, c.Conv, c.InterSize, c.PuzzleEmbLen, c.Heads, c.HCycles, c.LCycles = runtime.NoMixing, 3, 192, 0, 1, 1, 3
		b.Run(fmt.Sprintf("bf16 %v", bf16), func(b *testing.B) { benchStep(b, spec) })
	}
}

func benchStep(b *testing.B, spec train.Spec) {
	d, err := Open(spec, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if err := d.Load(train.NewState(&spec, 1)); err != nil {
		b.Fatal(err)
	}
	in := firstStep(&spec)
	peak := kernels.PeakBF16
	if !spec.BF16 || peak(1, 0) == 0 {
		peak = kernels.PeakF32
	}
	best := peak(1, 300*time.Millisecond)
	var out train.StepOut
	used := processorTime(b)
	for b.Loop() {
		if err := d.Step(b.Context(), in, &out); err != nil {
			b.Fatal(err)
		}
		in.Refill = nil
		in.Step++
	}
	used = processorTime(b) - used
	samples := float64(spec.Lanes * b.N)
	b.ReportMetric(samples/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(samples/used.Seconds(), "samples/cpu-s")
	b.ReportMetric(100*spec.FLOPs()*float64(b.N)/used.Seconds()/best, "%peak")
}

// processorTime is what this process has used, for rates on a busy machine.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
