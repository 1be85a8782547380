package main

import (
	"context"
	"errors"
	"iter"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/solver"
)

// outcome is an item and what became of it.
type outcome struct {
	item
	index  int
	result solver.Answer
}

// stream solves items while they are being read, and yields the outcomes in
// the order of the items. It reads only so far ahead as keeps the lanes busy.
type stream struct {
	solver *solver.Solver
	lanes  int
	live   *live // nil: nobody watches
}

// run calls emit for every outcome, in one goroutine. It returns when the
// items end, when ctx does, after the outcomes of what was under way, or when the
// backend fails.
func (s *stream) run(ctx context.Context, items inputSeq, emit func(*outcome)) error {
	s.live.start()
	defer s.live.end()
	for o, answer := range solver.Each(ctx, numbered(items), 2*s.lanes, func(o *outcome) solver.Answer { return s.solve(ctx, o) }) {
		o.result = answer
		stopped := errors.Is(answer.Err, runtime.ErrStopped)
		if stopped && ctx.Err() == nil {
			return answer.Err
		}
		if !stopped || answer.Unfinished {
			s.live.print(func() { emit(o) })
		}
	}
	return context.Cause(ctx)
}

// numbered counts the items.
func numbered(items inputSeq) iter.Seq[*outcome] {
	return func(yield func(*outcome) bool) {
		i := 0
		for it := range items {
			if !yield(&outcome{item: it, index: i}) {
				return
			}
			i++
		}
	}
}

func (s *stream) solve(ctx context.Context, o *outcome) solver.Answer {
	if o.err != nil {
		return solver.Answer{Puzzle: o.Puzzle, Result: runtime.Result{Err: o.err}}
	}
	look, done := s.live.puzzle(o)
	defer done()
	options := s.solver.Options
	options.OnLook = look
	return s.solver.With(options).SolvePuzzle(ctx, &o.Puzzle)
}
