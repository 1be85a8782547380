package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/arc/kaggle"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	learning "github.com/hrmgo/hrm/train/arc"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

// Files of a run on ARC tasks, beside those of every run.
const (
	submissionFile = "submission.json" // two attempts at every test, as Kaggle takes them
	resultsFile    = "results.json"    // what is known of them
)

// arcPreset is the preset of hrm-train arc where none is given.
const arcPreset = "mini-arc-cpu"

// arcRunFlags are the flags of hrm-train arc.
type arcRunFlags struct {
	runFlags
	tasks   []string
	votes   int
	adapt   int64
	results string
}

func newARC() *cobra.Command {
	var f arcRunFlags
	cmd := &cobra.Command{
		Use:   "arc",
		Short: "Learn ARC tasks from their demonstrations, and answer their tests",
		Long: `Trains one model on the demonstrations of all --tasks, at their true size and in
many rotations, reflections and choices of colours, and then answers their tests: each
is asked in --votes forms, and the two answers with the most votes are the attempts.
Outputs of tests are never trained on, whatever a file says; where they are known,
what came of them is printed. Of --data, further tasks to learn from, everything is
trained on; those of split evaluation count as --tasks.

The folder --out is that of hrm-train run, and also gets submission.json, in the form
in which Kaggle takes it, and results.json: tests, pass_1 and pass_2 (shares of tasks,
a task with several tests counting in part), by task and by size, settings and seed.
Tasks may lie in folders, in files of many, and as Kaggle's challenges.

SIGINT and SIGTERM save and exit; --resume goes on, and of a run that is done it
answers again. Without --preset it is ` + arcPreset + `.`,
		Example: `  hrm-train arc --tasks mini-arc/ --for 1h --out run
  hrm-train arc --tasks arc-agi_evaluation_challenges.json --data arc-agi_training_challenges.json --out run
  hrm-train arc --resume --out run --votes 200`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd, "steps", "device", "threads", "precision", "for", "seed")
	flags := cmd.Flags()
	flags.StringArrayVar(&f.tasks, "tasks", nil, "file or folder of the tasks to answer (repeatable)")
	flags.StringArrayVar(&f.data, "data", nil, "file or folder of further tasks to learn from (repeatable)")
	f.registerFolder(cmd)
	flags.IntVar(&f.votes, "votes", arc.Votes, "forms of each test input that are asked about")
	flags.Int64Var(&f.adapt, "adapt", 0, "`STEPS` of further learning from each task's demonstrations alone before it is answered, as hrm-train learn --from does; 0 for none")
	flags.StringVar(&f.results, "results", "", "`FILE` that gets a copy of results.json")
	return cmd
}

func (f *arcRunFlags) run(cmd *cobra.Command) error {
	if f.votes < 1 || f.adapt < 0 {
		return fmt.Errorf("--votes is %d and --adapt %d, want 1 or more and 0 or more", f.votes, f.adapt)
	}
	if f.preset == "" && f.file == "" {
		f.preset = arcPreset
	}
	c, err := f.config(cmd)
	if err != nil {
		return err
	}
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if err := trainRun(ctx, c, f.out, f.start, out, cmd.ErrOrStderr()); err != nil {
		return err
	}
	command.Finish(ctx)
	return f.answer(ctx, &c, out, cmd.ErrOrStderr())
}

// config is that of a run, with the tasks.
func (f *arcRunFlags) config(cmd *cobra.Command) (config.Config, error) {
	if len(f.tasks) > 0 {
		f.set = slices.Insert(f.set, 0, "arc_tasks="+strings.Join(f.tasks, ","))
	}
	c, err := f.runFlags.config(cmd)
	if err != nil {
		return c, err
	}
	if task, err := c.PuzzleTask(); err != nil || !isTrueSize(task) {
		return c, fmt.Errorf("%w: hrm-train arc takes grids at their true size, and the configuration is of another task: want one such as preset %s", config.ErrConfig, arcPreset)
	}
	return c, nil
}

// isTrueSize reports the task of grids at their true size.
func isTrueSize(t puzzle.Task) bool {
	a, ok := t.(puzzle.ARC)
	return ok && a.TrueSize()
}

// answer answers the tests with the run's last model.
func (f *arcRunFlags) answer(ctx context.Context, c *config.Config, out, errOut io.Writer) error {
	sets, err := readARC(ctx, c)
	if err != nil {
		return err
	}
	m, ran, err := runModel(f.out)
	if err != nil {
		return err
	}
	r := arcResults{Votes: f.votes, AdaptSteps: f.adapt, Seed: ran.Seed, Preset: ran.Preset}
	var s kaggle.Submission
	began := time.Now()
	done := func(res arc.Result) {
		s.Add(res.Task.ID, res.Test, res.Grids()...)
		r.add(&res)
	}
	tasks := onlyEvaluation(allTasks(sets))
	if f.adapt > 0 {
		err = f.adaptTo(ctx, m, c, tasks, done, newReporter(errOut), &r)
	} else {
		err = answerARC(ctx, m, c.Threads, f.votes, tasks, done)
	}
	if err != nil {
		return err
	}
	r.AnswerSeconds = time.Since(began).Seconds()
	if err := r.training(f.out, m, ran); err != nil {
		return err
	}
	return f.write(&s, &r, out)
}

// adaptTo learns each task further before it is answered. When ctx ends the tasks that
// were not reached are answered by the model as it is.
func (f *arcRunFlags) adaptTo(ctx context.Context, m *runtime.Model, c *config.Config, tasks []puzzle.ARCTask, done func(arc.Result), report *reporter, r *arcResults) error {
	defer report.done()
	o := learning.Options{From: m, Steps: f.adapt, Threads: c.Threads, Votes: f.votes, Seed: c.Seed}
	for i := range tasks {
		if ctx.Err() != nil {
			report.say("interrupted after %d of %d tasks: the others are answered without --adapt", i, len(tasks))
			return answerARC(context.WithoutCancel(ctx), m, c.Threads, f.votes, tasks[i:], done)
		}
		a, err := learning.Learn(ctx, &tasks[i], o)
		if err != nil {
			return fmt.Errorf("task %s: %w", tasks[i].ID, err)
		}
		r.Adapted++
		r.AdaptFLOP += a.FLOP
		for _, res := range a.Results {
			done(res)
		}
		r.finish()
		text := ""
		if r.Pass1 != nil {
			text = fmt.Sprintf("  pass@1 %.1f %%  pass@2 %.1f %%", 100**r.Pass1, 100**r.Pass2)
		}
		report.state(float64(i+1)/float64(len(tasks)), "%d of %d tasks%s", i+1, len(tasks), text)
	}
	return nil
}

// answerARC asks a model with the names of its table about tests.
func answerARC(ctx context.Context, m *runtime.Model, threads, votes int, tasks []puzzle.ARCTask, done func(arc.Result)) error {
	forms, err := arc.FormsOf(m, votes)
	if err != nil {
		return err
	}
	backend, err := cpu.New(m, cpu.Options{Threads: threads})
	if err != nil {
		return err
	}
	defer backend.Close()
	return forms.Answer(ctx, backend, tasks, runtime.Options{}, done)
}

func (f *arcRunFlags) write(s *kaggle.Submission, r *arcResults, out io.Writer) error {
	var text strings.Builder
	if err := s.Write(&text); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(f.out, submissionFile), []byte(text.String())); err != nil {
		return err
	}
	results, err := json.MarshalIndent(r.finish(), "", " ")
	if err != nil {
		return err
	}
	results = append(results, '\n')
	for _, path := range []string{filepath.Join(f.out, resultsFile), f.results} {
		if path == "" {
			continue
		}
		if err := writeFile(path, results); err != nil {
			return err
		}
	}
	r.print(out)
	_, err = fmt.Fprintf(out, "%s: %d tests of %d tasks\n", filepath.Join(f.out, submissionFile), r.Tests, r.Tasks)
	return err
}

// arcResults is what came of the tests, results.json.
type arcResults struct {
	Tasks  int      `json:"tasks"`
	Tests  int      `json:"tests"`
	Known  int      `json:"tasks_with_known_answers"`
	Pass1  *float64 `json:"pass_1,omitempty"` // share of tasks solved by the first attempt
	Pass2  *float64 `json:"pass_2,omitempty"` // by one of two
	Seed   uint64   `json:"seed"`
	Preset string   `json:"preset"`

	Votes         int     `json:"votes"`
	Parameters    int     `json:"parameters"` // without the puzzle table
	Steps         string  `json:"steps"`
	TrainSeconds  float64 `json:"training_seconds"`
	TrainFLOP     float64 `json:"training_flop"`         // of the model's arithmetic
	AdaptSteps    int64   `json:"adapt_steps,omitempty"` // of each task, on its demonstrations alone
	Adapted       int     `json:"adapted_tasks,omitempty"`
	AdaptFLOP     float64 `json:"adapt_flop,omitempty"`
	AnswerSeconds float64 `json:"answering_seconds"`
	Device        string  `json:"device"`

	Settings map[string]any `json:"settings"` // the run's configuration

	BySize map[string]*arc.Score `json:"by_size"`
	Solved []string              `json:"solved"` // tasks, by one of two attempts

	scores arc.Scores
}

// add counts a test.
func (r *arcResults) add(res *arc.Result) {
	r.Tests++
	if res.Test == 0 {
		r.Tasks++
	}
	r.scores.Add(res)
}

// training notes what a run's model cost.
func (r *arcResults) training(dir string, m *runtime.Model, c *config.Config) error {
	r.Parameters = parameters(&m.Config)
	r.Steps, r.Device = m.Meta[metaSteps], m.Meta[metaDevice]
	var err error
	if r.Settings, err = config.Settings(m.Meta[metaConfig]); err != nil {
		return err
	}
	records, err := curve.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		return err
	}
	for _, rec := range records {
		r.TrainSeconds = max(r.TrainSeconds, rec.Seconds)
	}
	r.TrainFLOP = curve.FLOP(records, c.BatchSize)
	return nil
}

// finish adds up the tasks whose answers are known.
func (r *arcResults) finish() *arcResults {
	if r.Known = len(r.scores.ByTask); r.Known > 0 {
		first, second := r.scores.Pass()
		r.Pass1, r.Pass2 = &first, &second
	}
	r.BySize, r.Solved = r.scores.BySize, r.scores.Solved()
	return r
}

func (r *arcResults) print(out io.Writer) {
	if r.Pass1 == nil {
		return
	}
	if len(r.BySize) > 1 {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "output\ttests\tpass@1\tpass@2")
		for _, size := range r.scores.Sizes() {
			s := r.BySize[size]
			fmt.Fprintf(w, "%s\t%d\t%.1f %%\t%.1f %%\n", size, s.Tests, 100*s.Pass1, 100*s.Pass2)
		}
		w.Flush()
	}
	fmt.Fprintf(out, "%d tasks with known answers: pass@1 %.1f %%, pass@2 %.1f %%\n", r.Known, 100**r.Pass1, 100**r.Pass2)
}
