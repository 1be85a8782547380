package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/arc/kaggle"
	"github.com/hrmgo/hrm/runtime/arc/picture"
	"github.com/hrmgo/hrm/runtime/puzzle"
	learning "github.com/hrmgo/hrm/train/arc"
	"github.com/hrmgo/hrm/train/data"
)

// learnFlags are the flags of hrm-train learn.
type learnFlags struct {
	from, out, id string
	limit         time.Duration
	steps         int64
	threads       int
	votes         int
	seed          uint64
	asJSON        bool
}

func newLearn() *cobra.Command {
	var f learnFlags
	cmd := &cobra.Command{
		Use:   "learn TASK.json",
		Short: "Learn one ARC task from its examples, and answer it",
		Long: `Learns the rule of one task from its demonstrations, in about a minute, and answers
its tests with two attempts each: drawn on a terminal, or with --json in the form in
which Kaggle takes them. The file is in the public format, as {"train": [{"input":
[[0, 1], ...], "output": [...]}, ...], "test": [{"input": ...}]}; of a file of many
tasks --id says which.

Learning begins with a model of many tasks, which knows what such rules are like: one of
Mini-ARC comes with the program, and --from names another, such as hrm-train arc
makes. Outputs of tests in the file are not looked
at, but to say whether an attempt is right. Ctrl-C answers with what has been learned
so far. --out keeps the model, for hrm solve.`,
		Example: `  hrm-train learn my-task.json
  hrm-train learn my-task.json --from run --for 30s --out my-task.hrm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", fromGeneral, "`MODEL` of many tasks to begin with: a .hrm file or a run's folder, mini-arc for the one that comes with the program, none for fresh weights")
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` that gets the model of the task")
	flags.StringVar(&f.id, "id", "", "`NAME` of the task in a file of many")
	flags.DurationVar(&f.limit, "for", time.Minute, "time to learn")
	flags.Int64Var(&f.steps, "steps", 0, "steps that are enough, whatever the time; 0 for no limit")
	flags.IntVar(&f.threads, "threads", 0, "processor cores, 0 for all")
	flags.IntVar(&f.votes, "votes", arc.Votes, "forms of each test input that are asked about")
	flags.Uint64Var(&f.seed, "seed", 0, "decides weights, order and forms")
	flags.BoolVar(&f.asJSON, "json", false, "print the attempts as Kaggle takes them")
	return cmd
}

func (f *learnFlags) run(cmd *cobra.Command, path string) error {
	if f.limit <= 0 || f.steps < 0 || f.votes < 1 {
		return errors.New("--for, --votes and --steps must be positive")
	}
	ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	task, err := f.task(ctx, path)
	if err != nil {
		return err
	}
	o := learning.Options{For: f.limit, Steps: f.steps, Threads: f.threads, Votes: f.votes, Seed: f.seed}
	if o.From, err = f.general(); err != nil {
		return err
	}
	command.Finish(ctx)
	report, right := newReporter(errOut), 0.0
	o.Progress = func(p learning.Progress) {
		if !math.IsNaN(p.Right) {
			right += (p.Right - right) / 10 // of the last ten steps or so
		}
		report.state(float64(p.Elapsed)/float64(max(1, p.Elapsed+p.Left)), "step %d  loss %.3f  cells right %.0f%%  %s left", p.Step, p.Loss, 100*right, p.Left.Round(time.Second))
	}
	a, err := learning.Learn(ctx, task, o)
	report.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(errOut, "learned for %s, %d steps\n", a.Elapsed.Round(100*time.Millisecond), a.Steps)
	if f.out != "" {
		if err := a.Model.Save(f.out); err != nil {
			return fmt.Errorf("%w: %w", errFailed, err)
		}
	}
	return f.print(out, task, a)
}

// What --from takes beside files.
const (
	fromGeneral = "mini-arc"
	fromNone    = "none"
)

// general returns the model to begin with, nil for fresh weights.
func (f *learnFlags) general() (*runtime.Model, error) {
	switch f.from {
	case fromGeneral:
		return learning.General()
	case fromNone:
		return nil, nil
	}
	return loadModel(f.from)
}

// task reads the one task.
func (f *learnFlags) task(ctx context.Context, path string) (*puzzle.ARCTask, error) {
	tasks, err := data.ARCLoader{Split: evaluationSplit}.Load(ctx, path)
	if err != nil {
		return nil, err
	}
	if f.id == "" && len(tasks) == 1 {
		return &tasks[0], nil
	}
	for i := range tasks {
		if tasks[i].ID == f.id && f.id != "" {
			return &tasks[i], nil
		}
	}
	if f.id == "" {
		return nil, fmt.Errorf("%s holds %d tasks: say which with --id, such as %s", path, len(tasks), tasks[0].ID)
	}
	return nil, fmt.Errorf("%s holds no task %q", path, f.id)
}

func (f *learnFlags) print(out io.Writer, t *puzzle.ARCTask, a *learning.Answer) error {
	if !f.asJSON {
		_, terminal := command.Terminal(out)
		return picture.Text(out, t, a.Results, terminal)
	}
	var s kaggle.Submission
	for i := range a.Results {
		s.Add(t.ID, a.Results[i].Test, a.Results[i].Grids()...)
	}
	return s.Write(out)
}
