package solver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// arcModel returns a model of a few tasks at their true size, which knows nothing.
func arcModel(t *testing.T, names ...string) *runtime.Model {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 29, SeqLen: 20, Cols: 4, NumPuzzles: 3, PuzzleEmbDim: 8, Hidden: 8, Heads: 1,
		Expansion: 1, InterSize: 32, Conv: 3, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope2D, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task, m.TaskSpec = "arc", map[string]any{"rows": 5, "cols": 4}
	if names != nil {
		text, err := runtime.NamePuzzles(names)
		if err != nil {
			t.Fatal(err)
		}
		m.Meta = map[string]string{runtime.MetaPuzzles: text}
	}
	return m
}

const known = `{"known": {"train": [{"input": [[1, 2]], "output": [[2, 1]]}], "test": [{"input": [[1, 2], [3, 4]]}]}}`

// Who looks sees the segments of the task's own form, as grids on the published canvas,
// and gets the same answer as who does not.
func TestARCLooks(t *testing.T) {
	s, err := solver.Start(arcModel(t, "<blank>", "other", "known"), "arc", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Options.Votes = 5
	want, err := s.Solve(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	var looks int
	o := s.Options
	o.OnLook = func(l solver.Look) {
		looks++
		grid := puzzle.Crop(l.Tokens, 0, 0)
		if l.Segment != looks || len(l.Tokens) != puzzle.ARCCells || len(l.Confidence) != puzzle.ARCCells {
			t.Fatalf("look %d is segment %d of %d tokens, %d probabilities", looks, l.Segment, len(l.Tokens), len(l.Confidence))
		}
		if grid.Rows > 2 || grid.Cols > 2 {
			t.Errorf("look %d is a grid of %d x %d, the canvas has 2 x 2", looks, grid.Rows, grid.Cols)
		}
		for i, p := range l.Confidence {
			cell := i/puzzle.ARCSide < grid.Rows && i%puzzle.ARCSide < grid.Cols
			if cell && (p <= 0 || p >= 1) || !cell && p != 1 {
				t.Errorf("look %d is %v sure of cell %d of a grid of %d x %d", looks, p, i, grid.Rows, grid.Cols)
			}
		}
	}
	got, err := s.With(o).Solve(t.Context(), known)
	if err != nil || looks == 0 || looks > 2 || got.Text != want.Text || got.TotalSegments != want.TotalSegments {
		t.Errorf("%d looks, %s after %d segments, want %s after %d: %v", looks, got.Text, got.TotalSegments, want.Text, want.TotalSegments, err)
	}
}

// A model that names its tasks votes through every door, and refuses what it does not
// know, instead of answering with row 0.
func TestARCVotes(t *testing.T) {
	s, err := solver.Start(arcModel(t, "<blank>", "other", "known"), "arc", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Options.Votes = 5
	a, err := s.Solve(t.Context(), known)
	if err != nil || a.Vote == nil || a.Vote.Forms != 5 || a.Attempts != 5 || len(a.Vote.Attempts) == 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	best := a.Vote.Attempts[0].Grid
	if a.Text != best.String() || !puzzle.Crop(a.Tokens, 0, 0).Equal(best) {
		t.Errorf("the answer is %s, the best candidate %v", a.Text, best)
	}
	if rec := record.New(s.Task, &a); rec.Name != "known" || rec.Question != "[[1,2],[3,4]]" || len(a.Vote.Attempts) > 1 && rec.Second != a.Vote.Attempts[1].Grid.String() {
		t.Errorf("the record is %+v", rec)
	}
	if _, err := s.Solve(t.Context(), strings.ReplaceAll(known, "known", "unknown")); !errors.Is(err, arc.ErrUnknown) {
		t.Errorf("a task that was not learned: %v", err)
	}
	bare := puzzle.Puzzle{Question: best.Tokens()}
	if a := s.SolvePuzzle(t.Context(), &bare); !errors.Is(a.Err, solver.ErrWhich) {
		t.Errorf("a grid without its task: %v", a.Err)
	}
	for look, err := range s.Looks(t.Context(), known) {
		if err == nil || look.Answer == nil || look.Answer.Err == nil {
			t.Errorf("grids at their true size are watched: %+v", look)
		}
	}
}

// Without names nobody knows which row is meant.
func TestARCNeedsNames(t *testing.T) {
	s, err := solver.Start(arcModel(t), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Solve(t.Context(), known); !errors.Is(err, solver.ErrWhich) || !strings.Contains(err.Error(), "identifiers.json") {
		t.Errorf("a model without names: %v", err)
	}
	s.Know(puzzle.NewIdentifiers([]string{"<blank>", "known"}))
	if a, err := s.Solve(t.Context(), known); err != nil || a.Vote.Forms != arc.Votes {
		t.Errorf("once they are known: %+v, %v", a, err)
	}
	m := arcModel(t, "a", "b", "c", "d")
	if _, err := solver.Start(m, "", 1); !errors.Is(err, runtime.ErrConfig) {
		t.Errorf("more names than rows: %v", err)
	}
}
