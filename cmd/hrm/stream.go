package main

import (
	"context"
	"sync"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// outcome is an item and what became of it.
type outcome struct {
	item
	index  int
	result runtime.Result
	second []int32       // ARC: the other attempt, nil when there is none
	done   chan struct{} // closed when result is set
}

// input is the puzzle as a model takes it.
func (it *item) input() runtime.Input {
	return runtime.Input{Tokens: it.Question, Rows: it.Rows, Cols: it.Cols, PuzzleID: it.ID}
}

// read turns the model's output into the answer that it stands for.
func (o *outcome) read(t puzzle.Task) {
	if o.result.Err == nil {
		o.result.Tokens = puzzle.Answer(o.Of(t), o.Question, o.result.Tokens)
	}
}

// accepts lets the rules of the task decide about a model's output.
func accepts(t puzzle.Task, it *item, output []int32) bool {
	t = it.Of(t)
	return t.Check(it.Question, puzzle.Answer(t, it.Question, output)) == nil
}

// stream solves items while they are being read, and yields the outcomes in
// the order of the items. It reads only so far ahead as keeps the lanes busy.
type stream struct {
	backend runtime.Backend
	task    puzzle.Task
	options runtime.Options
	accept  func(task puzzle.Task, it *item, output []int32) bool // nil: the halting head decides
	examine bool                                                  // whether there is one answer, before the model is asked

	mu    sync.Mutex
	known map[int]*outcome // being solved, for accept
}

// run calls emit for every outcome, in one goroutine. It returns when the
// items end, when ctx does, or when the backend fails.
func (s *stream) run(ctx context.Context, items inputSeq, emit func(*outcome)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.known = map[int]*outcome{}
	if s.accept != nil {
		s.options.Accept = s.accepts
	}
	ahead := 2 * s.options.Lanes
	queue, ordered := make(chan runtime.Request, ahead), make(chan *outcome, ahead)
	go s.feed(ctx, items, queue, ordered)
	go s.serve(ctx, cancel, queue)
	for {
		select {
		case o, ok := <-ordered:
			if !ok {
				return context.Cause(ctx)
			}
			if <-o.done; o.result.Err == nil || ctx.Err() == nil {
				emit(o)
			}
		case <-ctx.Done(): // the reader may be waiting for its input
			return context.Cause(ctx)
		}
	}
}

// feed sends every item to ordered, and those that are puzzles to queue.
func (s *stream) feed(ctx context.Context, items inputSeq, queue chan<- runtime.Request, ordered chan<- *outcome) {
	defer close(ordered)
	defer close(queue)
	i := 0
	for it := range items {
		o := &outcome{item: it, index: i, done: make(chan struct{})}
		i++
		select {
		case ordered <- o:
		case <-ctx.Done():
			return
		}
		if o.result.Err = it.err; it.err == nil && s.examine {
			o.result.Err = puzzle.Examine(it.Of(s.task), it.Question)
		}
		if o.result.Err != nil {
			close(o.done)
			continue
		}
		select {
		case queue <- s.request(o):
		case <-ctx.Done():
			o.result.Err = ctx.Err()
			close(o.done)
			return
		}
	}
}

func (s *stream) request(o *outcome) runtime.Request {
	s.mu.Lock()
	s.known[o.index] = o
	s.mu.Unlock()
	return runtime.Request{
		Index: o.index,
		Input: o.input(),
		Done: func(r runtime.Result) {
			s.mu.Lock()
			delete(s.known, o.index)
			s.mu.Unlock()
			o.result = r
			o.read(s.task)
			close(o.done)
		},
	}
}

// serve runs the backend, and answers what is left in the queue when it fails.
func (s *stream) serve(ctx context.Context, cancel context.CancelCauseFunc, queue <-chan runtime.Request) {
	next, more := <-queue
	for more {
		var err error
		if next, more, err = s.serveUpTo(ctx, len(next.Input.Tokens), next, queue); err != nil {
			cancel(err)
			break
		}
	}
	if more {
		next.Done(runtime.Result{Err: runtime.ErrStopped})
	}
	for r := range queue {
		r.Done(runtime.Result{Err: runtime.ErrStopped})
	}
}

// serveUpTo solves requests of at most so many tokens, for which the backend makes
// room, and returns the first one that is larger.
func (s *stream) serveUpTo(ctx context.Context, tokens int, first runtime.Request, queue <-chan runtime.Request) (larger runtime.Request, more bool, err error) {
	o := s.options
	o.MaxTokens = max(tokens, s.backend.Config().SeqLen)
	o.Lanes = min(o.Lanes, max(1, o.Lanes*maxLaneTokens/o.MaxTokens))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	fitting, done := make(chan runtime.Request, cap(queue)), make(chan error, 1)
	go func() {
		err := runtime.Serve(ctx, s.backend, fitting, o)
		cancel(err)
		done <- err
	}()
	for r, ok := first, true; ok; r, ok = <-queue {
		if len(r.Input.Tokens) > o.MaxTokens {
			larger, more = r, true
			break
		}
		select {
		case fitting <- r:
		case <-ctx.Done():
			r.Done(runtime.Result{Err: runtime.ErrStopped})
		}
	}
	close(fitting)
	err = <-done
	for r := range fitting { // what it had not begun
		r.Done(runtime.Result{Err: runtime.ErrStopped})
	}
	return larger, more, err
}

// maxLaneTokens is the tokens of a puzzle up to which all lanes are used: larger
// ones would take too much memory.
const maxLaneTokens = 1 << 13

func (s *stream) accepts(i int, output []int32) bool {
	s.mu.Lock()
	o := s.known[i]
	s.mu.Unlock()
	return s.accept(s.task, &o.item, output)
}
