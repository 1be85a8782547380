package main

import (
	"errors"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
)

// draw returns the number of blank cells in each of n draws.
func draw(t *testing.T, n int, set ...string) (blanks []int, s *source) {
	t.Helper()
	c, err := config.Preset("sudoku-cpu")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(set); i += 2 {
		if err := c.Set(set[i], set[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = openSource(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	in, labels := runtime.Input{Tokens: make([]int32, 81)}, make([]int32, 81)
	for i := range n {
		if err := s.Example(int64(i), &in, labels); err != nil {
			t.Fatal(err)
		}
		blank := 0
		for _, token := range in.Tokens {
			blank += btoi(token == puzzle.SudokuBlank)
		}
		blanks = append(blanks, blank)
	}
	return blanks, s
}

// Each puzzle of the file has one blank cell.
func TestHintsAndLimit(t *testing.T) {
	path := writePuzzles(t, 40)
	count := func(blanks []int) (ones int) {
		for _, b := range blanks {
			ones += btoi(b == 1)
		}
		return ones
	}
	if blanks, s := draw(t, 100, "data", path, "hints", "0", "train_limit", "7"); count(blanks) != 100 || s.puzzles != 7 {
		t.Errorf("without hints %d of 100 with a blank, %d puzzles", count(blanks), s.puzzles)
	}
	if blanks, _ := draw(t, 100, "data", path, "hints", "5"); count(blanks) < 20 || count(blanks) > 80 {
		t.Errorf("with hints %d of 100 with a blank, want about half", count(blanks))
	}
}

// A cursor goes on with the same draws.
func TestCursor(t *testing.T) {
	path, other := writePuzzles(t, 40), writePuzzles(t, 30)
	_, a := draw(t, 33, "data", path+","+other+"=2")
	_, b := draw(t, 0, "data", path+","+other+"=2")
	if err := b.seek(a.cursor()); err != nil {
		t.Fatal(err)
	}
	x, y := runtime.Input{Tokens: make([]int32, 81)}, runtime.Input{Tokens: make([]int32, 81)}
	labels := make([]int32, 81)
	for n := int64(33); n < 200; n++ {
		if a.Example(n, &x, labels) != nil || b.Example(n, &y, labels) != nil || !sameTokens(x.Tokens, y.Tokens) {
			t.Fatalf("draw %d differs", n)
		}
	}
	if b.Example(7, &x, labels) == nil || b.seek("1") == nil || b.seek("1,x") == nil {
		t.Error("a wrong place is no error")
	}
}

// Made examples need no file, and a resumed run draws the same ones.
func TestGenerate(t *testing.T) {
	c, err := config.Preset("maze-cpu")
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Model(1)
	if err != nil {
		t.Fatal(err)
	}
	open := func(seed string) *source {
		if err := c.Set("seed", seed); err != nil {
			t.Fatal(err)
		}
		s, err := openSource(t.Context(), &c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b, other := open("1"), open("1"), open("2")
	if a.sha256 != b.sha256 || a.sha256 == other.sha256 {
		t.Error("the hash must name the seed and the settings")
	}
	x, y := runtime.Input{Tokens: make([]int32, m.SeqLen)}, runtime.Input{Tokens: make([]int32, m.SeqLen)}
	labels, same := make([]int32, m.SeqLen), make([]int32, m.SeqLen)
	for n := range int64(20) {
		x.Tokens = x.Tokens[:m.SeqLen]
		if err := a.Example(n, &x, labels); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.seek(a.cursor()); err != nil {
		t.Fatal(err)
	}
	for n := int64(20); n < 40; n++ {
		x.Tokens, y.Tokens = x.Tokens[:m.SeqLen], y.Tokens[:m.SeqLen]
		if a.Example(n, &x, labels) != nil || b.Example(n, &y, same) != nil || !sameTokens(x.Tokens, y.Tokens) || !sameTokens(labels, same) {
			t.Fatalf("draw %d differs", n)
		}
		if err := train.CheckExample(&m, x, labels[:len(x.Tokens)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.Set("task", "sudoku"), c.Set("task_spec", "{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := openSource(t.Context(), &c); !errors.Is(err, config.ErrConfig) {
		t.Errorf("made sudokus: got %v", err)
	}
}
