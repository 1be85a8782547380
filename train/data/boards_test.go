package data

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// Sudokus of every size have one solution, the number of clues that was asked for, and
// no clue to spare where none was; any number of threads makes the same.
func TestGenerateBoards(t *testing.T) {
	for _, c := range []struct{ side, count, low, high int }{{4, 20, 0, 0}, {6, 10, 0, 0}, {6, 5, 14, 16}, {8, 3, 0, 0}, {9, 3, 0, 0}, {12, 2, 80, 90}, {16, 2, 150, 160}} {
		o := BoardOptions{Side: c.side, Seed: 5, Count: c.count, Low: c.low, High: c.high, Threads: 1, Source: "made"}
		made, err := GenerateBoards(t.Context(), o)
		if err != nil || len(made) != c.count {
			t.Fatalf("%d x %d: %d made, %v", c.side, c.side, len(made), err)
		}
		o.Threads = 3
		again, err := GenerateBoards(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		task := puzzle.Sudokus{Side: c.side}
		for i, p := range made {
			b := sudoku.BoardOf(c.side, p.Question)
			if err := task.Check(p.Question, p.Answer); err != nil {
				t.Error(err)
			}
			if s := (sudoku.Search{Limit: 2}).RunBoard(&b); s.Count != 1 {
				t.Errorf("%d x %d: %d solutions", c.side, c.side, s.Count)
			}
			if n := b.Clues(); c.high > 0 && (n < c.low || n > c.high) {
				t.Errorf("%d x %d: %d clues", c.side, c.side, n)
			}
			if !slices.Equal(p.Question, again[i].Question) {
				t.Errorf("%d x %d: other threads, another sudoku", c.side, c.side)
			}
			for cell, d := range b.Cells {
				if c.high == 0 && d > 0 && !b.Needs(cell, 1<<20) {
					t.Errorf("%d x %d: the clue in cell %d can be left out", c.side, c.side, cell)
				}
			}
		}
	}
}

func TestGenerateBoardsEnds(t *testing.T) {
	if _, err := GenerateBoards(t.Context(), BoardOptions{Side: 4, Count: 1, Low: 3, High: 3}); err == nil || !strings.Contains(err.Error(), "ask for fewer, or for more clues") {
		t.Errorf("3 clues: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := GenerateBoards(ctx, BoardOptions{Side: 16, Count: 1 << 20, Progress: func(int) { cancel() }}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// The same sudoku with other names for its digits is there already.
func TestBoardFilter(t *testing.T) {
	f := NewBoardFilter()
	if !f.Keep([]int32{1, 2, 3, 1}) || f.Keep([]int32{1, 4, 2, 1}) || !f.Keep([]int32{1, 4, 4, 1}) || !f.Keep([]int32{2, 1, 3, 1}) {
		t.Error("what is new and what is not")
	}
}
