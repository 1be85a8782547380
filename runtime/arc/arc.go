// Package arc asks models about ARC tasks. A model has rows of its puzzle table for the
// tasks that it has learned; a test input is shown to it in many forms, turned and in
// other colours, the form of each answer is undone, and the two answers with the most
// votes are the attempts that ARC allows.
package arc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ErrUnknown is wrapped by the error about a task that a model has not learned.
var ErrUnknown = errors.New("unknown task")

// Attempts is how many answers ARC allows for a test input.
const Attempts = 2

// Votes is the default number of forms that are asked about.
const Votes = 32

// Forms knows in which forms a model can be asked about its tasks.
type Forms struct {
	Task  puzzle.ARC          // of the model
	Names *puzzle.Identifiers // of the rows of its puzzle table
	Votes int                 // forms of each test input at most; 0: Votes
}

// FormsOf returns the forms in which a model can be asked, of the names that are in it.
func FormsOf(m *runtime.Model, votes int) (*Forms, error) {
	task, err := puzzle.ForModel(m.Task, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	if err != nil {
		return nil, err
	}
	a, ok := task.(puzzle.ARC)
	if !ok {
		return nil, fmt.Errorf("%w: the model solves %s, want arc", runtime.ErrConfig, task.Name())
	}
	if a.AllColours != (m.Config.Mixing == runtime.ColourMixing) {
		return nil, fmt.Errorf("%w: the legend of task %v does not go with mixing %s", runtime.ErrConfig, a.Spec(), m.Config.Mixing)
	}
	names, err := m.Puzzles()
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, fmt.Errorf("%w: the model does not say which tasks it knows", ErrUnknown)
	}
	return &Forms{Task: a, Names: puzzle.NewIdentifiers(names), Votes: votes}, nil
}

// Form is a test input as a model sees it.
type Form struct {
	runtime.Input
	puzzle.Augmentation
	grid   puzzle.ARCGrid
	layout *puzzle.ARCLayout // nil: on the published canvas
}

// Of returns the forms of test input i of a task, its own first, or an error wrapping
// ErrUnknown when the model has not learned the task.
func (f *Forms) Of(t *puzzle.ARCTask, i int) ([]Form, error) {
	rows, ok := f.Names.Variants(t.ID)
	if !ok {
		return nil, fmt.Errorf("%w: task %q: its name is none of the %d that the model knows", ErrUnknown, t.ID, len(f.Names.Names))
	}
	input := t.Test[i].Input
	if f.Task.TrueSize() {
		return f.trueSize(t, rows[0].ID, input), nil
	}
	rows = slices.Clone(rows)
	if i := slices.IndexFunc(rows, func(v puzzle.Variant) bool { return v.Augmentation == puzzle.NoAugmentation }); i > 0 {
		rows[0], rows[i] = rows[i], rows[0]
	}
	var forms []Form
	for _, v := range rows[:min(f.votes(), len(rows))] {
		form := Form{Augmentation: v.Augmentation, grid: input}
		form.Input = runtime.Input{Tokens: v.Apply(input).Tokens(), PuzzleID: v.ID}
		forms = append(forms, form)
	}
	return forms, nil
}

func (f *Forms) votes() int {
	if f.Votes > 0 {
		return f.Votes
	}
	return Votes
}

// trueSize returns the first of puzzle.NumberedAugmentation.
func (f *Forms) trueSize(t *puzzle.ARCTask, row int32, input puzzle.ARCGrid) []Form {
	layout := puzzle.NewARCLayout(t, f.Task.AllColours)
	forms := make([]Form, f.votes())
	for i := range forms {
		a := puzzle.NumberedAugmentation(i)
		rows, cols := layout.Size(&a, input)
		forms[i] = Form{Augmentation: a, grid: input, layout: layout}
		forms[i].Input = runtime.Input{Tokens: make([]int32, rows*cols), Rows: rows, Cols: cols, PuzzleID: row}
		layout.Question(&a, input, forms[i].Tokens)
	}
	return forms
}

// Answer reads the answer from what a model says about the form, in the task's own form.
func (f *Form) Answer(tokens []int32) puzzle.ARCGrid {
	if f.layout != nil {
		return f.layout.Answer(&f.Augmentation, f.grid, tokens)
	}
	return f.Undo(puzzle.Crop(tokens, 0, 0))
}

// Look reads what a model says so far about the task's own form, and how sure it is of
// it, as if the grid stood on the published canvas: [900] both. What is no cell of the
// grid is certain.
func (f *Form) Look(tokens []int32, confidence []float32) ([]int32, []float32) {
	if f.layout == nil {
		return tokens, confidence
	}
	answer := f.Answer(tokens)
	sure := make([]float32, puzzle.ARCCells)
	for i := range sure {
		sure[i] = 1
	}
	cells := f.layout.Sure(f.grid, answer, confidence)
	for r := range answer.Rows {
		copy(sure[r*puzzle.ARCSide:], cells[r*answer.Cols:][:answer.Cols])
	}
	return answer.Tokens(), sure
}

// Result is what came of one test input.
type Result struct {
	Task     *puzzle.ARCTask
	Test     int
	Attempts []puzzle.Candidate // at most Attempts, the best first
	Forms    int
	Err      error // why there are no attempts
}

// Grids returns the attempts' grids.
func (r *Result) Grids() (grids []puzzle.ARCGrid) {
	for _, c := range r.Attempts {
		grids = append(grids, c.Grid)
	}
	return grids
}

// Rank returns which attempt is right, from 1; 0 when none is.
func (r *Result) Rank(want puzzle.ARCGrid) int {
	return 1 + slices.IndexFunc(r.Attempts, func(c puzzle.Candidate) bool { return c.Grid.Equal(want) })
}

// Answer asks a model about all tests of some tasks, and calls done with each result in
// turn. It returns an error when the backend fails or ctx ends.
func (f *Forms) Answer(ctx context.Context, b runtime.Backend, tasks []puzzle.ARCTask, o runtime.Options, done func(Result)) error {
	for i := range tasks {
		t := &tasks[i]
		for test := range t.Test {
			r := Result{Task: t, Test: test}
			forms, err := f.Of(t, test)
			if err == nil {
				r.Forms = len(forms)
				r.Attempts, r.Err, err = vote(ctx, b, forms, o)
				if err != nil {
					return err
				}
			} else {
				r.Err = err
			}
			done(r)
		}
	}
	return nil
}

// vote returns the best answers; bad is why no form could be answered.
func vote(ctx context.Context, b runtime.Backend, forms []Form, o runtime.Options) (best []puzzle.Candidate, bad, err error) {
	in := make([]runtime.Input, len(forms))
	for i := range forms {
		in[i] = forms[i].Input
	}
	results, err := runtime.Solve(ctx, b, in, o)
	if err != nil {
		return nil, nil, err
	}
	var ballot puzzle.Ballot
	for i, r := range results {
		if r.Err != nil {
			bad = r.Err
			continue
		}
		ballot.Add(forms[i].Answer(r.Tokens), r.QHalt)
	}
	if best = ballot.Best(Attempts); len(best) > 0 {
		bad = nil
	}
	return best, bad, nil
}
