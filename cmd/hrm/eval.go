package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
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
or as another --data.

  exact accuracy   the share of puzzles whose every cell is right; for ARC with
                   --identifiers of test inputs of which one of two attempts is
  cell accuracy    the mean over puzzles of the share of right cells
  valid            the share of answers that obey the task's rules: for a maze any
                   shortest path, where exact asks for the path of the data, or
                   of mazes without an answer for that of the published rule
  halt accuracy    the share of puzzles where the halting head said stop if and
                   only if the answer was right

--json prints one object: model, backend, puzzles, unreadable, exact_accuracy,
cell_accuracy, valid_accuracy, halt_accuracy, mean_segments, segments (how many
puzzles took each number), puzzles_per_second, elapsed_s, max_segments, halt,
restarts, check, by_source, by_rating and, of grids of any size, by_size (each with
puzzles, exact_accuracy, valid_accuracy, cell_accuracy, mean_segments), and interrupted when not all puzzles were tried.

Exit status: 0 measured; 2 wrong usage, or some puzzle could not be read; 130
interrupted, after printing what was measured.`,
		Example: `  hrm eval --data valid.csv.gz --limit 500
  hrm eval --model maze.hrm --data maze.csv.gz --json
  hrm eval --data valid.csv.gz --max-segments 64 --restarts 7 --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.modelFlags.add(cmd)
	f.thinkFlags.add(cmd, 0)
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
	in := f.look(f.data, cmd.InOrStdin())
	l, err := f.load()
	if err != nil {
		return err
	}
	defer l.close()
	o, err := f.options(l.model, l.task)
	if err != nil {
		return err
	}
	items, err := f.read(l, in, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	r := newReport(l, f)
	if r.votes, err = f.voter(l); err != nil {
		return err
	}
	err = r.measure(cmd.Context(), items, o, cmd.ErrOrStderr())
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
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
				fmt.Fprintln(errOut, "hrm:", it.because(it.err))
			}
		}
		items = append(items, it)
	}
	if bad > maxReported {
		fmt.Fprintf(errOut, "hrm: and %d more that could not be read\n", bad-maxReported)
	}
	if !slices.ContainsFunc(items, func(it item) bool { return it.err == nil }) {
		return nil, fmt.Errorf("--data holds no %s puzzle with an answer", l.task.Name())
	}
	return items, nil
}

// measure solves the items and adds them up.
func (r *report) measure(ctx context.Context, items []item, o runtime.Options, errOut io.Writer) error {
	bar := newProgress(errOut, len(items), "evaluating")
	defer bar.Finish()
	s := stream{backend: r.backend, task: r.task, options: o}
	if r.Check {
		s.accept = accepts
	}
	began := time.Now()
	err := r.votes.run(ctx, &s, slices.Values(items), func(o *outcome) {
		r.add(o)
		bar.Describe(fmt.Sprintf("exact %.1f%%", 100*r.ExactAccuracy))
		_ = bar.Add(1)
	})
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
