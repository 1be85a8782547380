package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

type evalFlags struct {
	modelFlags
	thinkFlags
	arcFlags
	data        []string
	limit       int
	check, json bool
}

func newEval() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval --data FILE",
		Short: "Measure a model's accuracy and speed on puzzles with answers",
		Long: `Measure a model on puzzles whose answers are known: all that hrm solve reads, with
the answers (CSV with the columns question and answer, source and rating where
there); or a data-set folder of the references, of which the test half is used. Of
ARC the answers may lie in a file of their own, as on Kaggle, beside the questions
or as another --data; a table says of each task which share of its tests is solved by
the first attempt (pass@1) and by one of two (pass@2), and of all tasks the mean.

  exact accuracy   the share of puzzles whose every cell is right; for ARC of
                   test inputs of which one of two attempts is
  cell accuracy    the mean over puzzles of the share of right cells
  valid            where the task has rules, the share of answers that obey them: for
                   a maze any shortest path, where exact asks for the path of the
                   data, or of mazes without an answer for that of the published rule
  halt accuracy    the share of puzzles where the halting head said stop if and
                   only if the answer was right

--json prints one object: model, backend, puzzles, unreadable, exact_accuracy,
cell_accuracy, valid_accuracy (of a task with rules), halt_accuracy, mean_segments, segments (how many
puzzles took each number), puzzles_per_second, elapsed_s, max_segments, halt,
restarts, check, by_source, by_rating and, of grids of any size, by_size (each with
puzzles, exact_accuracy, valid_accuracy, cell_accuracy, mean_segments), of ARC pass_1,
pass_2 and by_task (tests, pass_1, pass_2), and interrupted when not all puzzles were tried.

Exit status: 0 measured; 2 wrong usage, or some puzzle could not be read; 130
interrupted, after printing what was measured.`,
		Example: `  hrm eval --data valid.csv.gz --limit 500
  hrm eval --model maze.hrm --data maze.csv.gz --json
  hrm eval --data valid.csv.gz --max-segments 64 --restarts 7 --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.modelFlags.add(cmd)
	f.thinkFlags.add(cmd, true)
	f.arcFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.data, "data", nil, "`FILE` or folder of puzzles with answers, - for standard input; may be given more than once")
	flags.IntVar(&f.limit, "limit", 0, "use the first `N` puzzles (default all)")
	flags.BoolVar(&f.check, "check", false, "let the task's own rules, not the halting head, decide whether a restart is needed")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

func (f *evalFlags) run(cmd *cobra.Command) error {
	if f.limit < 0 {
		return fmt.Errorf("--limit is %d, want 1 or more", f.limit)
	}
	for _, name := range f.data {
		if _, err := os.Stat(name); name != "-" && err != nil {
			return fmt.Errorf("--data %s: %w", name, errors.Unwrap(err))
		}
	}
	in := f.look(f.data, cmd.InOrStdin())
	l, err := f.load(f.lanes)
	if err != nil {
		return err
	}
	defer l.close()
	o, err := f.options(l.model)
	if err != nil {
		return err
	}
	o.NoCheck, o.Anyway = !f.check, true
	items, err := f.read(l, in, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	r := newReport(l, f)
	if o.Votes, err = f.know(l); err != nil {
		return err
	}
	err = r.measure(cmd.Context(), items, o, cmd.ErrOrStderr())
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if r.Puzzles == 0 && err == nil {
		return errors.New("no puzzle could be answered, so that there is nothing to report")
	}
	if r.print(cmd.OutOrStdout(), f.json); err == nil && r.Unreadable > 0 {
		return exit(statusUsage)
	}
	return err
}

// solve finds the answer to compare with by the rules of the task, if they give one.
func (it *item) solve(t puzzle.Task) error {
	s, ok := it.Of(t).(puzzle.Solver)
	if !ok {
		return errors.New("no answer to compare with")
	}
	answer, rating, err := s.Solve(it.Question)
	if err == nil {
		it.Answer, it.Rating = answer, rating
	}
	return err
}

// maxReported is how many unreadable puzzles are reported one by one.
const maxReported = 5

// read returns the puzzles to measure. Unreadable ones are reported and kept,
// to be counted.
func (f *evalFlags) read(l *loaded, stdin io.Reader, errOut io.Writer) ([]item, error) {
	var items []item
	bad := 0
	for it := range inputs(f.data, stdin, l.task) {
		if f.limit > 0 && len(items) == f.limit {
			break
		}
		if it.err == nil && it.Answer == nil {
			it.err = it.solve(l.task)
		}
		if it.err != nil {
			if bad++; bad <= maxReported {
				fmt.Fprintln(errOut, "hrm:", it.because(it.err, l.task))
			}
		}
		items = append(items, it)
	}
	if bad > maxReported {
		fmt.Fprintf(errOut, "hrm: and %d more that could not be read\n", bad-maxReported)
	}
	if !slices.ContainsFunc(items, func(it item) bool { return it.err == nil }) {
		return nil, fmt.Errorf("--data holds no puzzle with an answer for the model, which solves %s: %s", l.task.Name(), puzzle.Forms(l.task))
	}
	return items, nil
}

// measure solves the items and adds them up.
func (r *report) measure(ctx context.Context, items []item, o solver.Options, errOut io.Writer) error {
	bar := newProgress(errOut, len(items), "puzzles")
	defer bar.end()
	s := stream{solver: r.with(o), lanes: r.lanes}
	began := time.Now()
	failed := 0
	err := s.run(ctx, slices.Values(items), func(o *outcome) {
		r.add(o)
		if o.err == nil && o.result.Err != nil { // those that could not be read were told before
			if failed++; failed <= maxReported {
				fmt.Fprintln(errOut, "hrm:", o.because(o.result.Err, r.task))
			}
		}
		bar.next(fmt.Sprintf("exact %.1f %%", 100*r.ExactAccuracy))
	})
	if failed > maxReported {
		fmt.Fprintf(errOut, "hrm: and %d more that could not be answered\n", failed-maxReported)
	}
	r.finish(time.Since(began), err != nil)
	return err
}

// print writes the report as one JSON object or as text.
func (r *report) print(out io.Writer, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(out).Encode(r)
		return
	}
	fmt.Fprint(out, r)
}
