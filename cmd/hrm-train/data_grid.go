package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// gridFlags are the flags of hrm-train data grid.
type gridFlags struct {
	dataFlags
	spec map[string]string
}

func newDataGrid() *cobra.Command {
	var f gridFlags
	cmd := &cobra.Command{
		Use:   "grid",
		Short: "Import puzzles on grids that you describe",
		Long: `Imports puzzles of the task grid from CSV files with the columns question and
answer. --task-spec says what a puzzle is: rows, cols, alphabet (its characters), and
if there are, blank (the character of a cell that the answer fills), padding (of a
cell that is not scored) and rules (latin or sudoku, by which answers are checked).
Questions that are there twice, or in a --dedup-against file, are left out.

hrm-train run --set task=grid --set 'task_spec={...}' trains on the file.`,
		Example: "  hrm-train data grid --task-spec rows=4,cols=4,alphabet=.1234,blank=.,rules=sudoku --in small.csv --out grid.csv.gz",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.grids(cmd) },
	}
	f.register(cmd)
	cmd.Flags().StringToStringVar(&f.spec, "task-spec", nil, "`key=value,...` that describe the task (required)")
	_ = cmd.Flags().MarkHidden("generate")
	_ = cmd.MarkFlagRequired("task-spec")
	return cmd
}

// task returns the task of --task-spec.
func (f *gridFlags) task() (puzzle.Task, error) {
	t, err := puzzle.New(puzzle.Grid{}.Name(), puzzle.SpecOf(f.spec))
	if err == nil && t.SeqLen() == 0 {
		err = errors.New("rows and cols are missing")
	}
	if err != nil {
		return nil, fmt.Errorf("--task-spec: %w", err)
	}
	return t, nil
}

func (f *gridFlags) grids(cmd *cobra.Command) error {
	if f.generate > 0 {
		return errors.New("--generate: nobody knows how to make puzzles of a task that you describe: give --in")
	}
	if err := f.check(); err != nil {
		return err
	}
	task, err := f.task()
	if err != nil {
		return err
	}
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	t, err := openTable(cmd.Context(), target, task, f.resume)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, path := range f.against {
		set, err := data.Load(cmd.Context(), path, task)
		if err != nil {
			return err
		}
		for i := range set.Len() {
			seen[task.Decode(tokens(set.Input(i)))] = true
		}
	}
	for _, p := range t.rows {
		seen[task.Decode(p.Question)] = true
	}
	left, err := f.importAll(cmd.Context(), t, cmd.ErrOrStderr(), func(p *puzzle.Puzzle) (bool, error) {
		if p.Answer == nil {
			return false, errors.New("no answer to learn from")
		}
		q := task.Decode(p.Question)
		kept := !seen[q]
		seen[q] = true
		return kept, nil
	})
	return t.finish(left, err)
}
