package puzzle

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestExamine(t *testing.T) {
	blanks := func(n int) string { return strings.Repeat(".", n) }
	for name, c := range map[string]struct {
		task     Task
		question string
		want     string // part of the message; "": it has one answer
	}{
		"proper":         {Sudoku{}, easyQ, ""},
		"filled":         {Sudoku{}, easyA, ""},
		"no digit left":  {Sudoku{}, "1234567" + blanks(9) + "89" + blanks(63), "no solution"},
		"column starved": {Sudoku{}, "..9.287..8.6..4..5..3.....46.........2.71345.........23.....5..9..4..8.7..125.3..", "no solution"},
		"known hard":     {Sudoku{}, ".....5.8....6.1.43..........1.5........1.6...3.......553.....61........4.........", "no solution"},
		"empty":          {Sudoku{}, blanks(81), "clues too few, 0: a sudoku with one solution has at least 17"},
		"sixteen":        {Sudoku{}, "12345678945" + blanks(65) + "97531", "clues too few, 16"},
		"two ways":       {Sudoku{}, strings.NewReplacer("5", ".", "7", ".").Replace(easyA), "several solutions"},
		"open maze":      {maze5, smallMaze, ""},
		"walled goal":    {Maze{Rows: 3, Cols: 3}, "S# " + "## " + "  G", "no way from S to G"},
		"walled start":   {Maze{Rows: 4, Cols: 4}, "S#  " + "#   " + "    " + "   G", "no way from S to G"},
		"wall across":    {Maze{Rows: 3, Cols: 3}, "S  " + "###" + "  G", "no way from S to G"},
	} {
		q, err := c.task.Encode(c.question)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		began := time.Now()
		err = Examine(c.task, q)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s took %v", name, took)
		}
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrUnsolvable) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := Examine(ARC{}, nil); err != nil {
		t.Errorf("arc: %v", err)
	}
}
