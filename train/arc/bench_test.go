package arc

import (
	"os"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/cpu"
	"github.com/hrmgo/hrm/train/data"
)

// BenchmarkTrueSize compares a training step at true size with one of the same network on
// the published canvas, on the tasks of the file or folder HRM_ARC, else on small ones.
func BenchmarkTrueSize(b *testing.B) {
	tasks := []puzzle.ARCTask{*recolour()}
	if path := os.Getenv("HRM_ARC"); path != "" {
		var err error
		if tasks, err = (data.ARCLoader{Split: "evaluation"}).Load(b.Context(), path); err != nil {
			b.Fatal(err)
		}
	}
	stream, err := data.NewARCStream([]data.ARCSet{{Tasks: tasks, Weight: 1}}, data.ARCStreamOptions{Seed: 1, Forms: 0})
	if err != nil {
		b.Fatal(err)
	}
	canvas, err := data.NewARC(tasks, data.ARCOptions{Seed: 1, Augmentations: 8})
	if err != nil {
		b.Fatal(err)
	}
	sampler, err := data.NewSampler(1, data.Part{Set: canvas.Train, Weight: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("true size", func(b *testing.B) {
		benchSteps(b, stream.Task(), len(stream.Names()), func(n int64, in *runtime.Input, labels []int32) error {
			var row int32
			in.Rows, in.Cols, row = stream.Example(uint64(n), in.Tokens, labels)
			in.Tokens, in.PuzzleID = in.Tokens[:in.Rows*in.Cols], row
			return nil
		})
	})
	b.Run("canvas", func(b *testing.B) {
		benchSteps(b, puzzle.ARC{}, canvas.Train.NumPuzzles, func(_ int64, in *runtime.Input, labels []int32) error {
			in.PuzzleID, _ = sampler.Next(in.Tokens, labels)
			return nil
		})
	})
}

type exampleFunc func(n int64, in *runtime.Input, labels []int32) error

func (f exampleFunc) Example(n int64, in *runtime.Input, labels []int32) error {
	return f(n, in, labels)
}

// benchSteps trains b.N steps of a batch, a new example in every lane each time.
func benchSteps(b *testing.B, task puzzle.ARC, rows int, examples exampleFunc) {
	c, err := config.Preset(preset)
	if err != nil {
		b.Fatal(err)
	}
	c.TaskSpec, c.BatchSize, c.HaltMaxSteps, c.Steps = task.Spec(), 16, 1, b.N
	run, err := c.Train(rows)
	if err != nil {
		b.Fatal(err)
	}
	d, err := cpu.Open(run.Spec, cpu.Options{Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	from := train.NewCheckpoint(&run)
	b.ResetTimer()
	if err := train.Run(b.Context(), &run, d, examples, from, train.Hooks{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N*c.BatchSize)/b.Elapsed().Seconds(), "examples/s")
	b.ReportMetric(0, "ns/op")
}
