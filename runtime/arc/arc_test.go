package arc

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// mirror is a backend that knows one rule: it says of every cell what the input has in
// the cell that is its mirror image, whichever way the legend says the form is turned.
type mirror struct{ config runtime.Config }

func (b *mirror) Name() string            { return "mirror" }
func (b *mirror) Config() *runtime.Config { return &b.config }
func (b *mirror) Close() error            { return nil }
func (b *mirror) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	return &mirrorBatch{b, make([]runtime.Input, lanes), tokens}, nil
}

type mirrorBatch struct {
	*mirror
	in     []runtime.Input
	tokens int
}

func (b *mirrorBatch) Reset(lane int, in runtime.Input) error {
	b.in[lane] = in
	return nil
}

func (b *mirrorBatch) Step(_ context.Context, lanes []int, out *runtime.Output) error {
	out.Resize(len(lanes), b.tokens, &b.config)
	for k, i := range lanes {
		in := b.in[i]
		said := out.Tokens[k*out.Stride:][:len(in.Tokens)]
		copy(said, in.Tokens)
		rows := said[in.Cols:] // below a legend of one row
		if d := in.Tokens[0] - 12; d == 0 || d == 2 || d == 4 || d == 5 {
			for ; len(rows) > 0; rows = rows[in.Cols:] {
				slices.Reverse(rows[:in.Cols])
			}
		} else { // what was a row is a column
			for r := range in.Rows / 2 {
				top, bottom := rows[r*in.Cols:][:in.Cols], rows[(in.Rows-2-r)*in.Cols:][:in.Cols]
				for c := range top {
					if r < in.Rows-2-r {
						top[c], bottom[c] = bottom[c], top[c]
					}
				}
			}
		}
		out.QHalt[k] = 1
	}
	return nil
}

func grid(rows, cols int, cells ...uint8) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: rows, Cols: cols, Cells: cells}
}

func testForms(votes int) *Forms {
	return &Forms{Task: puzzle.ARC{Rows: 5, Cols: 4}, Names: puzzle.NewIdentifiers([]string{"<blank>", "other", "mirrored"}), Votes: votes}
}

var mirrored = puzzle.ARCTask{
	ID:    "mirrored",
	Train: []puzzle.ARCPair{{Input: grid(2, 3, 1, 2, 0, 0, 0, 0), Output: grid(2, 3, 0, 2, 1, 0, 0, 0)}},
	Test:  []puzzle.ARCPair{{Input: grid(3, 4, 1, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0, 0), Output: grid(3, 4, 2, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 2)}},
}

// All forms of a test agree once they are undone.
func TestVotesAgree(t *testing.T) {
	b := &mirror{runtime.Config{Family: runtime.TRM, VocabSize: 29, SeqLen: 20, Cols: 4, HaltMaxSteps: 1, NumPuzzles: 3}}
	unknown := puzzle.ARCTask{ID: "unknown", Test: mirrored.Test}
	var got []Result
	err := testForms(24).Answer(t.Context(), b, []puzzle.ARCTask{mirrored, unknown}, runtime.Options{}, func(r Result) { got = append(got, r) })
	if err != nil || len(got) != 2 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	want := mirrored.Test[0].Output
	if r := got[0]; r.Err != nil || len(r.Attempts) != 1 || r.Attempts[0].Votes != 24 || r.Rank(want) != 1 {
		t.Errorf("got %+v, want 24 votes for %v", r, want)
	}
	if r := got[1]; !errors.Is(r.Err, ErrUnknown) || r.Rank(want) != 0 {
		t.Errorf("a task that was not learned: %+v", r)
	}
}

// Forms are all different, the first the task's own, and of the task's row.
func TestFormsDiffer(t *testing.T) {
	forms, err := testForms(0).Of(&mirrored, 0)
	if err != nil || len(forms) != Votes {
		t.Fatalf("%d forms, %v", len(forms), err)
	}
	if forms[0].Augmentation != puzzle.NoAugmentation {
		t.Errorf("the first form is %+v", forms[0].Augmentation)
	}
	for i, f := range forms {
		if f.PuzzleID != 2 || f.Rows*f.Cols != len(f.Tokens) {
			t.Errorf("form %d is row %d, %d x %d of %d tokens", i, f.PuzzleID, f.Rows, f.Cols, len(f.Tokens))
		}
		for _, g := range forms[:i] {
			if f.Augmentation == g.Augmentation {
				t.Errorf("form %d is there twice", i)
			}
		}
	}
}

// On the published canvas the rows of the table are the forms.
func TestPublishedForms(t *testing.T) {
	f := Forms{Names: puzzle.NewIdentifiers([]string{"<blank>", "mirrored_t1_0213456789", "mirrored", "other"}), Votes: 5}
	forms, err := f.Of(&mirrored, 0)
	if err != nil || len(forms) != 2 || forms[0].PuzzleID != 2 || forms[1].PuzzleID != 1 {
		t.Fatalf("%+v, %v", forms, err)
	}
	for _, form := range forms {
		if got := form.Answer(form.Tokens); len(form.Tokens) != puzzle.ARCCells || !got.Equal(mirrored.Test[0].Input) {
			t.Errorf("what a form shows, undone, is %v", got)
		}
	}
}

func TestFormsOfModel(t *testing.T) {
	names, err := runtime.NamePuzzles([]string{"<blank>", "a"})
	if err != nil {
		t.Fatal(err)
	}
	m := &runtime.Model{Task: "arc", Meta: map[string]string{runtime.MetaPuzzles: names},
		TaskSpec: map[string]any{"rows": 7, "cols": 5}, Config: runtime.Config{SeqLen: 35, Cols: 5, VocabSize: 29, NumPuzzles: 2}}
	if f, err := FormsOf(m, 3); err != nil || !f.Task.TrueSize() || f.Votes != 3 {
		t.Errorf("%+v, %v", f, err)
	}
	m.Config.NumPuzzles = 1
	if _, err := FormsOf(m, 3); !errors.Is(err, runtime.ErrConfig) {
		t.Errorf("more names than rows: %v", err)
	}
	m.Meta = nil
	if _, err := FormsOf(m, 3); !errors.Is(err, ErrUnknown) {
		t.Errorf("no names: %v", err)
	}
}

func TestScores(t *testing.T) {
	task := &puzzle.ARCTask{ID: "a", Test: []puzzle.ARCPair{{Output: grid(1, 2, 1, 2)}, {Output: grid(1, 1, 3)}, {}}}
	other := &puzzle.ARCTask{ID: "b", Test: []puzzle.ARCPair{{Output: grid(1, 2, 4, 4)}}}
	said := func(grids ...puzzle.ARCGrid) (c []puzzle.Candidate) {
		for _, g := range grids {
			c = append(c, puzzle.Candidate{Grid: g})
		}
		return c
	}
	var s Scores
	for _, r := range []Result{
		{Task: task, Test: 0, Attempts: said(grid(1, 2, 2, 1), grid(1, 2, 1, 2))},
		{Task: task, Test: 1, Attempts: said(grid(1, 1, 4))},
		{Task: task, Test: 2, Attempts: said(grid(1, 1, 4))}, // unknown
		{Task: other, Test: 0, Attempts: said(grid(1, 2, 4, 4))},
	} {
		s.Add(&r)
	}
	if first, second := s.Pass(); first != 0.5 || second != 0.75 {
		t.Errorf("pass@1 %v, pass@2 %v, want 0.5 and 0.75", first, second)
	}
	if a := s.ByTask["a"]; a.Tests != 2 || a.Pass1 != 0 || a.Pass2 != 0.5 {
		t.Errorf("task a: %+v", a)
	}
	if !slices.Equal(s.Solved(), []string{"b"}) || !slices.Equal(s.Sizes(), []string{"1x1", "1x2"}) || s.BySize["1x2"].Pass1 != 0.5 {
		t.Errorf("solved %v, sizes %v, %+v", s.Solved(), s.Sizes(), s.BySize["1x2"])
	}
}
