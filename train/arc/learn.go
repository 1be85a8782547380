// Package arc learns single ARC tasks: from a few examples to an answer in about a
// minute on the processor of a small machine.
package arc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	cpubackend "github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/cpu"
	"github.com/hrmgo/hrm/train/data"
)

// Options of Learn. The zero value learns for a minute from fresh weights.
type Options struct {
	// From is a model of many tasks that the learning begins with, nil for fresh
	// weights. It takes grids at their true size.
	From    *runtime.Model
	For     time.Duration // 0: a minute, or with Steps as long as they take
	Steps   int64         // that are enough; 0: no limit
	Threads int           // 0: all
	Votes   int           // forms of a test that are asked about; 0: arc.Votes
	Seed    uint64
	// Progress is called after every step.
	Progress func(Progress)
}

// Progress is how far learning is.
type Progress struct {
	Step    int64
	Elapsed time.Duration
	Left    time.Duration
	Loss    float64
	Right   float64 // share of right cells of the demonstrations that ended in the step; NaN when none did
}

// Answer is what came of learning.
type Answer struct {
	Results []arc.Result   // of each test
	Model   *runtime.Model // what was learned, with the name of the task
	Steps   int64
	Elapsed time.Duration // of learning
	FLOP    float64       // of the model's arithmetic in it
}

// Recipes of learning from fresh weights and from those of a general model.
const (
	preset    = "mini-arc-cpu"
	batch     = 24
	freshRate = 5e-3
	fromRate  = 1.5e-3
	warmup    = 10
	forever   = 1000 * time.Hour
)

// Learn trains a model on the demonstrations of a task, in all rotations, reflections
// and choices of colours, until the time is up or ctx ends, and then answers the tests,
// whose outputs it does not look at. With Steps and without For it gives the same on every
// run. An error wraps data.ErrData when the task has no
// demonstrations, train.ErrSpec when From is no model for it.
func Learn(ctx context.Context, t *puzzle.ARCTask, o Options) (*Answer, error) {
	l, err := newLearner(t, o)
	if err != nil {
		return nil, err
	}
	a, err := l.learn(ctx)
	if err != nil {
		return nil, err
	}
	return a, l.answer(context.WithoutCancel(ctx), a, t)
}

// learner is one learning.
type learner struct {
	o      Options
	stream *data.ARCStream
	names  string // of the model's rows, as it keeps them
	run    train.Config
	from   *train.Checkpoint
	began  time.Time
}

func newLearner(t *puzzle.ARCTask, o Options) (*learner, error) {
	switch {
	case o.For > 0:
	case o.Steps > 0:
		o.For = forever
	default:
		o.For = time.Minute
	}
	c, err := config.Preset(preset)
	if err != nil {
		return nil, err
	}
	mixing := c.Mixing
	if o.From != nil {
		mixing = o.From.Config.Mixing
	}
	sets := []data.ARCSet{{Tasks: []puzzle.ARCTask{t.Lessons(true)}, Weight: 1}}
	stream, err := data.NewARCStream(sets, data.ARCStreamOptions{Seed: o.Seed, AllColours: mixing == runtime.ColourMixing})
	if err != nil {
		return nil, err
	}
	l := &learner{o: o, stream: stream}
	if l.names, err = runtime.NamePuzzles(stream.Names()); err != nil {
		return nil, err
	}
	l.configure(&c)
	if l.run, err = c.Train(len(stream.Names())); err != nil {
		return nil, err
	}
	if o.From == nil {
		l.from = train.NewCheckpoint(&l.run)
		return l, nil
	}
	return l, l.begin(o.From)
}

// configure makes of the preset the configuration of the run.
func (l *learner) configure(c *config.Config) {
	c.TaskSpec = l.stream.Task().Spec()
	c.Seed, c.BatchSize, c.Warmup, c.LR, c.EMA, c.Steps = l.o.Seed, batch, warmup, freshRate, false, 1<<30
	if l.o.From != nil {
		c.LR = fromRate
	}
}

// begin starts from the weights of a model, whose shape the run takes.
func (l *learner) begin(m *runtime.Model) error {
	own, task := m.Config, l.stream.Task()
	if f, err := arc.FormsOf(m, 1); err != nil {
		return fmt.Errorf("%w: the model to begin with: %w", train.ErrSpec, err)
	} else if !f.Task.TrueSize() || !own.AnyShape() {
		return fmt.Errorf("%w: the model to begin with takes grids of one size alone, want one of true sizes", train.ErrSpec)
	}
	own.SeqLen, own.Cols, own.NumPuzzles = task.SeqLen(), l.run.Spec.Config.Cols, len(l.stream.Names())
	l.run.Spec.Config = own
	adopted, err := train.Adopt(m, own, l.stream.Names())
	if err != nil {
		return err
	}
	l.from = train.NewCheckpoint(&l.run)
	return l.from.State.SetModel(&l.run.Spec, adopted)
}

// Example implements train.Source.
func (l *learner) Example(n int64, in *runtime.Input, labels []int32) error {
	rows, cols, row := l.stream.Example(uint64(n), in.Tokens, labels)
	in.Rows, in.Cols, in.Tokens, in.PuzzleID = rows, cols, in.Tokens[:rows*cols], row
	return nil
}

// learn trains until the time is up or ctx ends.
func (l *learner) learn(ctx context.Context) (*Answer, error) {
	device, err := cpu.Open(l.run.Spec, cpu.Options{Threads: l.o.Threads})
	if err != nil {
		return nil, err
	}
	defer device.Close()
	a := &Answer{}
	l.began = time.Now()
	err = train.Run(context.WithoutCancel(ctx), &l.run, device, l, l.from, train.Hooks{
		Step: func(m *train.Metrics) error {
			a.FLOP += m.FLOPs
			return l.pace(ctx, m)
		},
		Checkpoint: func(cp *train.Checkpoint) error {
			a.Steps, a.Model = cp.Step, cp.State.Model(&l.run.Spec, true)
			return nil
		},
	})
	if err != nil && !errors.Is(err, train.ErrStop) {
		return nil, err
	}
	a.Elapsed = time.Since(l.began)
	return a, nil
}

// pace fits the schedule into the time, and ends when that is up or when ctx ends.
func (l *learner) pace(ctx context.Context, m *train.Metrics) error {
	elapsed := time.Since(l.began)
	total := float64(m.Step) * float64(l.o.For) / float64(max(elapsed, 1))
	if l.o.Steps > 0 {
		total = min(total, float64(l.o.Steps))
	}
	l.run.Schedule.Total = int64(total)
	if l.o.Progress != nil {
		p := Progress{Step: m.Step, Elapsed: elapsed, Loss: m.Loss, Right: m.Accuracy}
		if m.Count == 0 {
			p.Right = math.NaN()
		}
		p.Left = max(0, time.Duration((total-float64(m.Step))*float64(elapsed)/float64(m.Step)))
		l.o.Progress(p)
	}
	if ctx.Err() != nil || float64(m.Step) >= total {
		return train.ErrStop
	}
	return nil
}

// answer asks the model about the tests.
func (l *learner) answer(ctx context.Context, a *Answer, t *puzzle.ARCTask) error {
	task := l.stream.Task()
	a.Model.Task, a.Model.TaskSpec, a.Model.Meta = task.Name(), task.Spec(), map[string]string{runtime.MetaPuzzles: l.names}
	forms, err := arc.FormsOf(a.Model, l.o.Votes)
	if err != nil {
		return err
	}
	backend, err := cpubackend.New(a.Model, cpubackend.Options{Threads: l.o.Threads})
	if err != nil {
		return err
	}
	defer backend.Close()
	return forms.Answer(ctx, backend, []puzzle.ARCTask{*t}, runtime.Options{}, func(r arc.Result) { a.Results = append(a.Results, r) })
}
