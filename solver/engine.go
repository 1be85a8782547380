package solver

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// engine is what solvers with different options share: the model, and the puzzles
// that wait for it. It thinks in a goroutine while there are any.
type engine struct {
	Backend runtime.Backend
	Task    puzzle.Task
	forms   *arc.Forms // of ARC, else nil

	lanes     int
	examining chan struct{}   // holds one while a puzzle is examined
	life      context.Context // ends with Close
	end       context.CancelFunc

	mu      sync.Mutex
	waiting []runtime.Request
	idle    chan struct{} // closed when the goroutine ends; nil: there is none
	closed  bool
}

// Close ends the puzzles under way and then the backend. It may be called again.
func (e *engine) Close() error {
	e.mu.Lock()
	was, idle := e.closed, e.idle
	e.closed = true
	e.mu.Unlock()
	e.end()
	if idle != nil {
		<-idle
	}
	if was {
		return nil
	}
	return e.Backend.Close()
}

// submit queues a request.
func (e *engine) submit(r runtime.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		go r.Done(runtime.Result{Err: fmt.Errorf("%w: %w", runtime.ErrStopped, ErrClosed)})
		return
	}
	e.waiting = append(e.waiting, r)
	if e.idle == nil {
		e.idle = make(chan struct{})
		go e.think(e.idle)
	}
}

// think solves what waits, until nothing does.
func (e *engine) think(idle chan struct{}) {
	defer close(idle)
	for tokens := e.next(); tokens > 0; tokens = e.next() {
		tokens = max(tokens, e.Backend.Config().SeqLen)
		err := runtime.Serve(e.life, e.Backend, e.upTo(tokens), runtime.Options{
			MaxTokens: tokens, Lanes: min(e.lanes, max(1, e.lanes*maxLaneTokens/tokens)),
		})
		if err != nil {
			e.fail(err)
		}
	}
}

// maxLaneTokens is the tokens of a puzzle up to which all lanes are used: larger
// ones would take too much memory.
const maxLaneTokens = 1 << 13

// next returns the tokens of the first puzzle that waits, or 0 and ends the
// goroutine's time.
func (e *engine) next() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.waiting, e.idle = nil, nil
		return 0
	}
	return max(1, len(e.waiting[0].Input.Tokens))
}

// upTo is the source of requests of at most so many tokens, for which there is room. It
// ends where a larger one is next, or none.
func (e *engine) upTo(tokens int) runtime.Source {
	return func(bool) (r runtime.Request, ok bool) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if len(e.waiting) > 0 && len(e.waiting[0].Input.Tokens) <= tokens {
			r, ok = e.waiting[0], true
			e.waiting[0] = runtime.Request{}
			e.waiting = e.waiting[1:]
		}
		return r, ok
	}
}

// fail answers all that wait when the backend has failed.
func (e *engine) fail(err error) {
	e.mu.Lock()
	failed := e.waiting
	e.waiting = nil
	e.mu.Unlock()
	for _, r := range failed {
		r.Done(runtime.Result{Err: fmt.Errorf("%w: %w", runtime.ErrStopped, err)})
	}
}

// Each calls f for the items as they are read, at most so many at once and ahead of the
// one that is yielded, and yields them with what f returned, in their order. When the
// context ends, which f must notice, it yields what has begun and reads no further.
func Each[T, A any](ctx context.Context, items iter.Seq[T], ahead int, f func(T) A) iter.Seq2[T, A] {
	type task struct {
		item T
		done chan A
	}
	return func(yield func(T, A) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ordered := make(chan task, max(1, ahead))
		go func() {
			defer close(ordered)
			for item := range items {
				t := task{item, make(chan A, 1)}
				select {
				case ordered <- t:
					go func() { t.done <- f(t.item) }()
				case <-ctx.Done():
					return
				}
			}
		}()
		for {
			var t task
			var more bool
			select {
			case t, more = <-ordered:
			default:
				select {
				case t, more = <-ordered:
				case <-ctx.Done(): // whoever reads the items may wait for input
				}
			}
			if !more || !yield(t.item, <-t.done) {
				return
			}
		}
	}
}
