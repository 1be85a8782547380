package solver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Know tells a solver of ARC tasks what the rows of its model's puzzle table are called,
// without which it does not know which of them is meant. A model that names them itself,
// as Start starts it, needs no other names.
func (e *engine) Know(names *puzzle.Identifiers) {
	if e.forms != nil {
		e.forms.Names = names
	}
}

// knowFrom takes the names that are in a model.
func (e *engine) knowFrom(m *runtime.Model) error {
	names, err := m.Puzzles()
	if err == nil && names != nil {
		e.Know(puzzle.NewIdentifiers(names))
	}
	return err
}

// named makes room for the names of an ARC model's tasks. As text all tasks are on the
// published canvas: how the model takes them its forms know.
func (e *engine) named() {
	if a, ok := e.Task.(puzzle.ARC); ok {
		e.forms, e.Task = &arc.Forms{Task: a}, puzzle.ARC{}
	}
}

// ErrWhich is wrapped by the error about a puzzle of one of many tasks that a model knows
// by number, where nothing says which it is.
var ErrWhich = errors.New("which task is meant?")

// which returns why nobody knows which row of the puzzle table is a puzzle's. An example
// of a data folder comes with its own.
func (s *Solver) which(p *puzzle.Puzzle) error {
	switch c := s.Backend.Config(); {
	case s.forms == nil || c.PuzzleEmbDim == 0 || c.NumPuzzles < 2 || p.ID > 0:
		return nil
	case s.forms.Names == nil && p.Task != nil:
		return fmt.Errorf("%w The model knows %d by number and does not say their names: give the list with which it was trained, identifiers.json (for hrm with --identifiers)", ErrWhich, c.NumPuzzles)
	case p.Task == nil || s.forms.Names == nil:
		return fmt.Errorf("%w The model knows %d by name: give the whole task in the public JSON form, with its name", ErrWhich, c.NumPuzzles)
	}
	return nil
}

// votes reports a puzzle that is asked about in many forms.
func (s *Solver) votes(p *puzzle.Puzzle) bool {
	return s.forms != nil && s.forms.Names != nil && p.Task != nil
}

// vote asks about a test input in many forms (rotations, reflections and permutations of
// colours), undoes the form of each answer, and counts them. Those with the most votes
// are the attempts that ARC allows; the best is the answer.
func (s *Solver) vote(ctx context.Context, p *puzzle.Puzzle) Answer {
	a, began := Answer{Puzzle: *p}, time.Now()
	forms := *s.forms
	forms.Votes = s.Options.Votes
	asked, err := forms.Of(p.Task, p.Index)
	if err != nil {
		a.Err = err
		return a
	}
	a.Vote = &arc.Result{Task: p.Task, Test: p.Index, Forms: len(asked)}
	var ballot puzzle.Ballot
	for i, r := range s.all(ctx, asked) {
		if a.sum(&r); r.Err == nil {
			ballot.Add(asked[i].Answer(r.Tokens), r.QHalt)
		}
	}
	a.Elapsed = time.Since(began)
	a.Vote.Attempts = ballot.Best(arc.Attempts)
	var grids [][]int32
	for _, c := range a.Vote.Attempts {
		grids = append(grids, c.Grid.Tokens())
	}
	if len(grids) > 0 {
		a.Unfinished = a.Err != nil
		a.Judge(s.Task, grids...)
	}
	return a
}

// all thinks about forms side by side. Without an Options.Attempts each gets one. What
// is looked at is the first, the task's own.
func (s *Solver) all(ctx context.Context, forms []arc.Form) []runtime.Result {
	o := s.Options.options(s.Task)
	if s.Options.Attempts == 0 {
		o.Restarts = 0
	}
	results, done := make([]runtime.Result, len(forms)), make(chan struct{}, len(forms))
	withdraws := make([]func(error), len(forms))
	for i := range forms {
		if results[i].Err = s.admit(ctx, s.Task, forms[i].Input); results[i].Err != nil {
			done <- struct{}{}
			continue
		}
		of := o
		if i == 0 && s.Options.OnLook != nil {
			of.WantLogits, of.OnSegment = true, s.watch(&forms[0])
		}
		withdraws[i] = s.submit(s.party(), runtime.Request{Input: forms[i].Input, Context: ctx, Options: &of, Done: func(r runtime.Result) {
			results[i] = r
			done <- struct{}{}
		}})
	}
	ended := ctx.Done()
	for left := len(forms); left > 0; {
		select {
		case <-done:
			left--
		case <-ended:
			ended = nil
			for _, withdraw := range withdraws {
				if withdraw != nil {
					withdraw(context.Cause(ctx))
				}
			}
		}
	}
	return results
}

// watch returns what tells Options.OnLook of the segments of the task's own form.
func (s *Solver) watch(own *arc.Form) func(runtime.Event) {
	probability := make([]float32, len(own.Tokens))
	return func(e runtime.Event) {
		confidence(probability, e.Logits)
		l := Look{Event: e, Halting: s.Backend.Config().Preference(e.QHalt, e.QContinue)}
		l.Tokens, l.Confidence = own.Look(e.Tokens, probability)
		s.Options.OnLook(l)
	}
}

// sum adds what one form took.
func (a *Answer) sum(r *runtime.Result) {
	if r.Err != nil {
		a.Err = r.Err
		return
	}
	if a.Attempts == 0 {
		a.First = r.First
	}
	if a.Attempts == 0 || r.QHalt > a.QHalt {
		a.QHalt, a.QContinue = r.QHalt, r.QContinue
	}
	a.Attempts += r.Attempts
	a.TotalSegments += r.TotalSegments
	a.Segments = max(a.Segments, r.Segments)
	a.Halted = a.Halted || r.Halted
}

// ownForm returns a test input in its task's own form, to be looked at while the model
// thinks.
func (s *Solver) ownForm(p *puzzle.Puzzle) (*puzzle.Puzzle, error) {
	if s.forms.Task.TrueSize() {
		return nil, errors.New("the model takes grids at their true size, which cannot be watched: ask for the answer alone")
	}
	forms := *s.forms
	forms.Votes = 1
	own, err := forms.Of(p.Task, p.Index)
	if err != nil {
		return nil, err
	}
	form := *p
	form.Question, form.ID, form.Task = own[0].Tokens, own[0].PuzzleID, nil
	return &form, nil
}
