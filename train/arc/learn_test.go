package arc

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/data"
)

func cells(rows, cols int, c ...uint8) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: rows, Cols: cols, Cells: c}
}

// recolour is a task that is learned in a moment: everything becomes black.
func recolour() *puzzle.ARCTask {
	return &puzzle.ARCTask{
		ID: "recolour",
		Train: []puzzle.ARCPair{
			{Input: cells(2, 2, 1, 2, 1, 1), Output: cells(2, 2, 0, 0, 0, 0)},
			{Input: cells(2, 2, 2, 2, 1, 2), Output: cells(2, 2, 0, 0, 0, 0)},
		},
		Test: []puzzle.ARCPair{{Input: cells(2, 2, 2, 1, 2, 1)}},
	}
}

func TestLearn(t *testing.T) {
	var last Progress
	a, err := Learn(t.Context(), recolour(), Options{For: time.Minute, Steps: 60, Threads: 1, Votes: 8, Progress: func(p Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	if r := a.Results[0]; len(a.Results) != 1 || r.Err != nil || !r.Attempts[0].Grid.Equal(cells(2, 2, 0, 0, 0, 0)) {
		t.Errorf("after %d steps (loss %.2f) the answer is %+v", a.Steps, last.Loss, r)
	}
	if a.Steps != 60 || last.Step != 60 || last.Left != 0 {
		t.Errorf("%d steps, the last progress is %+v", a.Steps, last)
	}
	if names, err := a.Model.Puzzles(); err != nil || !slices.Equal(names, []string{"<blank>", "recolour"}) {
		t.Errorf("the model knows %q, %v", names, err)
	}
	again, err := Learn(t.Context(), recolour(), Options{From: a.Model, Steps: 1, Threads: 1, Votes: 8})
	if err != nil || !again.Results[0].Attempts[0].Grid.Equal(cells(2, 2, 0, 0, 0, 0)) {
		t.Errorf("one step from what was learned: %+v, %v", again, err)
	}
}

// The general model is one to begin with, for grids of any size.
func TestGeneral(t *testing.T) {
	m, err := General()
	if err != nil {
		t.Fatal(err)
	}
	if names, err := m.Puzzles(); err != nil || len(names) != 150 {
		t.Errorf("it knows %d tasks, %v", len(names), err)
	}
	wide := recolour()
	wide.Train = append(wide.Train, puzzle.ARCPair{Input: cells(1, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9), Output: cells(1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0)})
	a, err := Learn(t.Context(), wide, Options{From: m, Steps: 30, Threads: 1, Votes: 8})
	if err != nil || !a.Results[0].Attempts[0].Grid.Equal(cells(2, 2, 0, 0, 0, 0)) {
		t.Errorf("%+v, %v", a, err)
	}
}

// Who stops learning gets the answer of what was learned.
func TestLearnStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, err := Learn(ctx, recolour(), Options{Threads: 1, Votes: 1, Progress: func(p Progress) {
		if p.Step == 3 {
			cancel()
		}
	}})
	if err != nil || a.Steps != 3 || len(a.Results) != 1 || len(a.Results[0].Attempts) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	start := time.Now()
	if a, err = Learn(t.Context(), recolour(), Options{For: time.Millisecond, Threads: 1, Votes: 1}); err != nil || a.Steps < 1 || time.Since(start) > 30*time.Second {
		t.Errorf("a millisecond: %+v, %v", a, err)
	}
}

// A wrong output of a test changes nothing that is learned.
func TestLearnIgnoresTestOutputs(t *testing.T) {
	planted := recolour()
	planted.Test[0].Output = cells(3, 1, 9, 8, 7)
	var models [2]*runtime.Model
	for i, task := range []*puzzle.ARCTask{recolour(), planted} {
		a, err := Learn(t.Context(), task, Options{For: time.Hour, Steps: 5, Threads: 1, Votes: 1})
		if err != nil {
			t.Fatal(err)
		}
		models[i] = a.Model
	}
	if !slices.Equal(models[0].LLevel[0].Down.F32, models[1].LLevel[0].Down.F32) || !slices.Equal(models[0].PuzzleEmb.F32, models[1].PuzzleEmb.F32) {
		t.Error("a wrong test output changes the weights")
	}
}

func TestLearnRefuses(t *testing.T) {
	if _, err := Learn(t.Context(), &puzzle.ARCTask{ID: "x", Test: recolour().Test}, Options{}); !errors.Is(err, data.ErrData) {
		t.Errorf("no demonstrations: %v", err)
	}
	for name, m := range map[string]*runtime.Model{
		"sudoku":   {Task: "sudoku", Config: runtime.Config{SeqLen: 81, VocabSize: 11}},
		"a canvas": {Task: "arc", Config: runtime.Config{SeqLen: 900, VocabSize: 12, NumPuzzles: 2}, Meta: map[string]string{runtime.MetaPuzzles: "a"}},
	} {
		if _, err := Learn(t.Context(), recolour(), Options{From: m}); !errors.Is(err, train.ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
