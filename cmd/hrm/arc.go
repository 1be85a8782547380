package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// arcFlags are the flags of ARC models.
type arcFlags struct {
	identifiers string
	votes       int
}

func (f *arcFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.identifiers, "identifiers", "", "ARC: `FILE` identifiers.json of the data set that the model was trained on")
	cmd.Flags().IntVar(&f.votes, "votes", 16, "ARC: forms of each test input to ask about at most; two answers are given")
}

// voter returns what counts votes for this model, nil when it is not for ARC.
func (f *arcFlags) voter(l *loaded) (*voter, error) {
	if _, ok := l.task.(puzzle.ARC); !ok {
		return nil, nil
	}
	if f.votes < 1 {
		return nil, fmt.Errorf("--votes is %d, want 1 or more", f.votes)
	}
	v := &voter{votes: f.votes, rows: l.model.Config.NumPuzzles}
	if f.identifiers == "" {
		return v, nil
	}
	file, err := os.Open(f.identifiers)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if v.ids, err = puzzle.ReadIdentifiers(file); err != nil {
		return nil, fmt.Errorf("%s: %w", f.identifiers, err)
	}
	if len(v.ids.Names) > v.rows {
		return nil, fmt.Errorf("%s has %d names and the model %d rows: they do not belong together", f.identifiers, len(v.ids.Names), v.rows)
	}
	return v, nil
}

// voter asks about every form of a test input that a row of the puzzle table
// has learned (a rotation, reflection and permutation of colours), undoes the
// form of each answer, and counts them. The two with the most votes are the
// attempts that ARC allows.
type voter struct {
	ids    *puzzle.Identifiers // nil: not given
	rows   int                 // of the model's puzzle table
	votes  int
	ballot puzzle.Ballot
	sum    outcome // of the forms so far
}

// form is one form of a test input.
type form struct {
	puzzle.Augmentation
	of    *item
	began time.Time // when the first form was read
	last  bool
}

// run is s.run, with the votes counted; without a voter it is s.run alone.
func (v *voter) run(ctx context.Context, s *stream, items inputSeq, emit func(*outcome)) error {
	if v == nil {
		return s.run(ctx, items, emit)
	}
	return s.run(ctx, v.forms(items), v.collect(emit))
}

// forms yields the forms of every item, one after the other.
func (v *voter) forms(items inputSeq) inputSeq {
	return func(yield func(item) bool) {
		for it := range items {
			for _, f := range v.formsOf(&it) {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func (v *voter) formsOf(it *item) []item {
	variants, err := v.variants(it)
	if err != nil {
		it.err = err
	}
	if len(variants) == 0 {
		return []item{*it}
	}
	slices.SortStableFunc(variants, func(a, b puzzle.Variant) int { // the task's own form first
		return btoi(b.Augmentation == puzzle.NoAugmentation) - btoi(a.Augmentation == puzzle.NoAugmentation)
	})
	variants = variants[:min(v.votes, len(variants))]
	original, began := *it, time.Now()
	forms := make([]item, len(variants))
	for i, variant := range variants {
		f := original
		f.ID = variant.ID
		f.Question = transformed(variant.Augmentation, original.Question)
		f.Answer = transformed(variant.Augmentation, original.Answer)
		f.form = &form{variant.Augmentation, &original, began, i == len(variants)-1}
		forms[i] = f
	}
	return forms
}

// variants returns the rows that know an item's task. An example of a data
// folder comes with its own row and needs none.
func (v *voter) variants(it *item) ([]puzzle.Variant, error) {
	switch {
	case it.err != nil || it.Name == "":
		return nil, it.err
	case v.ids == nil && v.rows > 1:
		return nil, fmt.Errorf("the model knows %d tasks by number: give the list of their names with --identifiers FILE", v.rows)
	case v.ids == nil:
		return nil, nil
	}
	variants, ok := v.ids.Variants(it.Name)
	if !ok {
		return nil, fmt.Errorf("task %q is not in the list of identifiers: the model has not learned it", it.Name)
	}
	return slices.Clone(variants), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// transformed returns the canvas of a transformed grid, nil for nil.
func transformed(a puzzle.Augmentation, canvas []int32) []int32 {
	if canvas == nil {
		return nil
	}
	return a.Apply(puzzle.Crop(canvas, 0, 0)).Tokens()
}

// collect returns a function for the outcomes of forms, that calls emit with
// the outcome of each test input.
func (v *voter) collect(emit func(*outcome)) func(*outcome) {
	index := 0
	send := func(o *outcome) {
		o.index = index
		index++
		emit(o)
	}
	return func(o *outcome) {
		if o.form == nil {
			send(o)
			return
		}
		if v.count(o); o.form.last {
			done := v.close(o.form)
			send(&done)
		}
	}
}

// count adds the answer to one form.
func (v *voter) count(o *outcome) {
	r, sum := &o.result, &v.sum.result
	if r.Err != nil {
		sum.Err = r.Err
		return
	}
	v.ballot.Add(o.form.Undo(puzzle.Crop(r.Tokens, 0, 0)), r.QHalt)
	sum.Attempts += r.Attempts
	sum.TotalSegments += r.TotalSegments
	sum.Segments = max(sum.Segments, r.Segments)
	sum.Halted = sum.Halted || r.Halted
	if sum.Attempts == r.Attempts || r.QHalt > sum.QHalt {
		sum.QHalt, sum.QContinue = r.QHalt, r.QContinue
	}
}

// close ends the vote on a test input.
func (v *voter) close(f *form) outcome {
	o := v.sum
	o.item = *f.of
	o.result.Elapsed = time.Since(f.began)
	if best := v.ballot.Best(2); len(best) > 0 {
		o.result.Err = nil
		o.result.Tokens = best[0].Grid.Tokens()
		if len(best) > 1 {
			o.second = best[1].Grid.Tokens()
		}
	}
	v.sum, v.ballot = outcome{}, puzzle.Ballot{}
	return o
}
