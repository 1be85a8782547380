package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
	"github.com/hrmgo/hrm/train/data"
)

// boards imports or generates sudokus of another size than 9 x 9.
func (f *sudokuFlags) boards(cmd *cobra.Command) error {
	low, high, err := f.checkBoards(cmd)
	if err != nil {
		return err
	}
	task, filter := puzzle.Sudokus{Side: f.side}, data.NewBoardFilter()
	return f.fill(cmd, task, func(ctx context.Context, t *table) error {
		for _, path := range f.against {
			set, err := data.Load(ctx, path, task)
			if err != nil {
				return err
			}
			for i := range set.Len() {
				filter.Keep(tokens(set.Input(i)))
			}
		}
		for _, p := range t.rows {
			filter.Keep(p.Question)
		}
		return nil
	}, func(p *puzzle.Puzzle) (bool, error) {
		return f.keepBoard(p, filter)
	}, func(ctx context.Context, t *table, report *reporter) error {
		return f.makeBoards(ctx, t, filter, report, low, high)
	})
}

// checkBoards reports flags that do not go with the size, and reads --clues.
func (f *sudokuFlags) checkBoards(cmd *cobra.Command) (low, high int, err error) {
	if _, err := puzzle.Sized(puzzle.Sudokus{}, f.side, f.side); err != nil {
		return 0, 0, fmt.Errorf("--size, or --order times itself: %w", err)
	}
	for _, name := range []string{"rating", "from"} {
		if cmd.Flags().Changed(name) {
			return 0, 0, fmt.Errorf("--%s is for 9 x 9 alone: sudokus of %d x %d are made with a number of --clues, or with none to spare", name, f.side, f.side)
		}
	}
	return parseClues(f.clues, f.side, f.side*f.side-1)
}

// keepBoard solves and rates a sudoku where the file does not, and reports whether it is
// new.
func (f *sudokuFlags) keepBoard(p *puzzle.Puzzle, filter *data.BoardFilter) (bool, error) {
	if p.Rows != f.side || p.Cols != f.side {
		return false, fmt.Errorf("%w: a sudoku of %d x %d, want %d x %d: give --size, and a file for each", puzzle.ErrFormat, p.Rows, p.Cols, f.side, f.side)
	}
	b := sudoku.BoardOf(f.side, p.Question)
	switch s := (sudoku.Search{Limit: 2, Guesses: maxImport}).RunBoard(&b); {
	case s.Count > 1:
		return false, fmt.Errorf("%w: several solutions", puzzle.ErrFormat)
	case s.Cut:
		return false, fmt.Errorf("%w: no search of %d guesses tells whether it has one solution", puzzle.ErrFormat, maxImport)
	case s.Count == 0:
		return false, fmt.Errorf("%w: no solution", puzzle.ErrFormat)
	case p.Answer == nil:
		p.Answer = s.Board.Tokens()
	}
	if p.Rating < 0 {
		p.Rating = data.RateBoard(&b)
	}
	return filter.Keep(p.Question), nil
}

// maxImport bounds the search for a second solution.
const maxImport = 1 << 17

// boardRound is how many sudokus are made before the file may be saved.
const boardRound = 20

func (f *sudokuFlags) makeBoards(ctx context.Context, t *table, filter *data.BoardFilter, report *reporter, low, high int) error {
	for len(t.rows) < f.generate {
		made, err := data.GenerateBoards(ctx, data.BoardOptions{
			Side: f.side, Seed: f.seed + uint64(len(t.rows)), Count: min(boardRound, f.generate-len(t.rows)), Low: low, High: high,
			Filter: filter, Threads: f.threads, Source: generatedSource,
			Progress: func(done int) { report.count(len(t.rows)+done, f.generate, "sudokus") },
		})
		for _, p := range made {
			if err := t.add(p); err != nil {
				return err
			}
		}
		if errors.Is(err, data.ErrFew) {
			return fmt.Errorf("%d of %d sudokus of %d x %d: %w", len(t.rows), f.generate, f.side, f.side, data.ErrFew)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
