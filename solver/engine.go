package solver

import (
	"context"
	"fmt"
	"iter"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

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

	lanes int
	busy  atomic.Int64    // lanes that think
	life  context.Context // ends with Close
	end   context.CancelFunc

	mu        sync.Mutex
	queue     fair[*waiter]
	examining bool
	exams     fair[chan struct{}] // closed when a puzzle's turn to be examined has come
	common    Party               // of those who are no party
	more      chan struct{}       // holds one when something was queued
	idle      chan struct{}       // closed when the goroutine ends; nil: there is none
	closed    bool
}

// waiter is a puzzle in the queue.
type waiter struct {
	runtime.Request
	account *account[*waiter]
	spent   time.Duration // what its party was charged
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

// party returns whose puzzles a solver's are.
func (s *Solver) party() *Party {
	if s.Options.Party != nil {
		return s.Options.Party
	}
	return &s.common
}

// submit queues a request of a party. The function that it returns takes it out again,
// unless it is in a lane by then.
func (e *engine) submit(p *Party, r runtime.Request) (withdraw func(error)) {
	w := &waiter{Request: r, account: &p.lanes}
	done := r.Done
	w.Done = func(r runtime.Result) {
		e.mu.Lock()
		e.queue.end(w.account, r.Spent-w.spent)
		e.mu.Unlock()
		done(r)
	}
	if p != &e.common {
		w.Park = func(rest runtime.Request) bool { return e.park(w, rest) }
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		go done(runtime.Result{Err: fmt.Errorf("%w: %w", runtime.ErrStopped, ErrClosed)})
		return func(error) {}
	}
	e.queue.add(w.account, w, false)
	if e.idle == nil {
		e.idle = make(chan struct{})
		go e.think(e.idle)
	}
	select {
	case e.more <- struct{}{}:
	default:
	}
	return func(err error) { e.withdraw(w, done, err) }
}

func (e *engine) withdraw(w *waiter, done func(runtime.Result), err error) {
	e.mu.Lock()
	waits := e.queue.remove(w.account, w)
	e.mu.Unlock()
	if waits {
		w.Done = done
		w.Stop(err)
	}
}

// park puts a puzzle that wants a further attempt back into the queue, when a party
// that waits, or a first attempt of its own, is due before it.
func (e *engine) park(w *waiter, rest runtime.Request) bool {
	if rest.Context != nil && rest.Context.Err() != nil {
		return false // its lane will notice
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := w.account
	spent := rest.Spent()
	e.queue.end(a, spent-w.spent)
	w.spent = spent
	w.Request = rest
	e.queue.add(a, w, true)
	next := e.queue.due()
	if next != a || len(a.first) > 0 {
		return true
	}
	e.queue.remove(a, w)
	e.queue.enter(a)
	a.running++
	return false
}

// think solves what waits, until nothing does.
func (e *engine) think(idle chan struct{}) {
	defer close(idle)
	for tokens := e.next(); tokens > 0; tokens = e.next() {
		tokens = max(tokens, e.Backend.Config().SeqLen)
		err := runtime.Serve(e.life, e.Backend, e.upTo(tokens), runtime.Options{
			MaxTokens: tokens, Lanes: min(e.lanes, max(1, e.lanes*maxLaneTokens/tokens)),
			OnLanes: func(busy int) { e.busy.Store(int64(busy)) },
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
	next := e.queue.due()
	if next == nil {
		e.idle = nil
		return 0
	}
	return max(1, len(next.peek().Input.Tokens))
}

// linger is how long lanes are kept that nobody uses: making them takes longer than
// most requests wait for each other. A program in WebAssembly has one caller, and may end
// before its timers.
const (
	linger  = 200 * time.Millisecond
	lingers = goruntime.GOARCH != "wasm"
)

// upTo is the source of requests of at most so many tokens, for which there is room. It
// ends where a larger one is next, or none.
func (e *engine) upTo(tokens int) runtime.Source {
	return func(wait bool) (runtime.Request, bool) {
		r, ok, none := e.take(tokens)
		for wait && none && lingers {
			timer := time.NewTimer(linger)
			select {
			case <-e.more:
			case <-e.life.Done():
				wait = false
			case <-timer.C:
				wait = false
			}
			timer.Stop()
			r, ok, none = e.take(tokens)
		}
		return r, ok
	}
}

// take returns the request that is due, if it has no more tokens than that.
func (e *engine) take(tokens int) (r runtime.Request, ok, none bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.queue.due()
	if a == nil || len(a.peek().Input.Tokens) > tokens {
		return r, false, a == nil
	}
	return e.queue.take(a).Request, true, false
}

// fail answers all that wait when the backend has failed.
func (e *engine) fail(err error) {
	e.mu.Lock()
	var failed []*waiter
	for a := e.queue.due(); a != nil; a = e.queue.due() {
		failed = append(failed, e.queue.take(a))
	}
	e.mu.Unlock()
	for _, w := range failed {
		w.Stop(err)
	}
}

// examine calls f when no other puzzle is examined and its party is due: finding out
// whether a puzzle has an answer may take seconds.
func (e *engine) examine(ctx context.Context, p *Party, f func() error) error {
	turn := make(chan struct{})
	e.mu.Lock()
	e.exams.add(&p.exams, turn, false)
	e.examineNext()
	e.mu.Unlock()
	select {
	case <-turn:
	case <-ctx.Done():
		e.mu.Lock()
		waits := e.exams.remove(&p.exams, turn)
		e.mu.Unlock()
		if waits {
			return fmt.Errorf("%w: %w", runtime.ErrStopped, context.Cause(ctx))
		}
	}
	began := time.Now()
	err := f()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.exams.end(&p.exams, time.Since(began))
	e.examining = false
	e.examineNext()
	return err
}

func (e *engine) examineNext() {
	if a := e.exams.due(); a != nil && !e.examining {
		e.examining = true
		close(e.exams.take(a))
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

// Lanes returns how many lanes think now, of which a puzzle may have several, and how
// many there are.
func (e *engine) Lanes() (busy, all int) { return int(e.busy.Load()), e.lanes }
