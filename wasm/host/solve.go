package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hrmgo/hrm/wasm/abi"
)

// Solve answers the puzzles, as many at once as there are instances, and
// returns a result for each, in their order. What is wrong with a puzzle is
// in its Result.Error. The error returned ends all: it wraps the context's
// error, context.DeadlineExceeded where a puzzle took longer than
// Options.Deadline, ErrGuest, ErrMemory, an *Error about the options, or it is
// ErrClosed.
func (h *Host) Solve(ctx context.Context, puzzles []Puzzle, o SolveOptions) ([]Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]Result, len(puzzles))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(h.options.Instances, len(puzzles)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(puzzles) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				r, err := h.solve(ctx, puzzles[i], o)
				if err != nil {
					cancel(fmt.Errorf("host: puzzle %d: %w", i, err))
					return
				}
				results[i] = r
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return results, nil
}

// solve answers one puzzle.
func (h *Host) solve(ctx context.Context, p Puzzle, o SolveOptions) (Result, error) {
	if h.options.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.options.Deadline)
		defer cancel()
	}
	in, err := h.take(ctx)
	if err != nil {
		return Result{}, err
	}
	reply, err := in.do(ctx, &abi.Request{Op: abi.OpSolve, Puzzles: []Puzzle{p}, Options: o})
	h.put(in)
	switch {
	case err != nil:
		return Result{}, err
	case len(reply.Results) != 1:
		return Result{}, fmt.Errorf("%w: %d results for one puzzle", ErrGuest, len(reply.Results))
	}
	return reply.Results[0], nil
}

// take returns a guest that nobody uses, and starts one when need be.
func (h *Host) take(ctx context.Context) (*instance, error) {
	for {
		select {
		case <-h.closed:
			return nil, ErrClosed
		default:
		}
		select {
		case <-h.closed:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case s := <-h.slots:
			switch {
			case s.guest != nil:
				return s.guest, nil
			case s.err != nil:
				h.slots <- slot{} // the next one may try again
				return nil, s.err
			}
			h.begin()
		}
	}
}

// begin starts a guest for an empty slot, whose place it has until it is ready: the
// time of who waits for it may end before.
func (h *Host) begin() {
	go func() {
		guest, err := h.start(h.life)
		h.slots <- slot{guest, err}
	}()
}

// put gives a guest back. One that failed was closed, and another is started in its
// place, before a puzzle waits for it.
func (h *Host) put(in *instance) {
	if in.failed {
		h.begin()
		return
	}
	h.slots <- slot{guest: in}
}
