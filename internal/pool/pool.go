// Package pool runs the tasks of a parallel loop on persistent goroutines.
package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool is a fixed number of workers. Each has a part of the tasks, neighbours that
// it takes one by one, and then helps with the parts of others, so that a slow
// worker does fewer; Run returns when all are done. Which worker runs a task is
// not defined: results must not depend on it.
type Pool struct {
	mu      sync.Mutex // one Run at a time
	workers int
	closed  bool
	wake    chan struct{}  // one token starts one worker
	left    sync.WaitGroup // workers that still run the current loop
	exited  sync.WaitGroup // worker goroutines

	spins int          // polls before a worker sleeps
	busy  atomic.Int64 // helpers that still run, for polling

	body func(worker, task int)
	n    int
	next []counter    // of each part, how many tasks are taken
	ids  atomic.Int64 // the next worker number of this loop
}

// counter has a cache line for itself.
type counter struct {
	atomic.Int64
	_ [56]byte
}

// The next loop often starts, and the last helper often ends, within
// microseconds, and waking a sleeper takes tens of them: so workers poll about
// 50 microseconds before they sleep.
const spins = 10_000

// New starts a pool of the given number of workers, one of which is the
// goroutine that calls Run; below 1 means one for each CPU that Go may use.
func New(workers int) *Pool {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers, wake: make(chan struct{}, workers), next: make([]counter, workers)}
	if workers <= runtime.GOMAXPROCS(0) {
		p.spins = spins
	}
	for range workers - 1 {
		p.exited.Add(1)
		go p.serve()
	}
	return p
}

// Workers returns the number of workers.
func (p *Pool) Workers() int { return p.workers }

// Run calls body(worker, task) for each task below n and returns when all are
// done. worker is below Workers, and no two calls at one time share it, so it
// may index scratch memory. Calls from several goroutines take turns; body
// must not call Run. Nothing is allocated.
func (p *Pool) Run(n int, body func(worker, task int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	helpers := min(p.workers, n) - 1
	if p.closed {
		helpers = 0
	}
	p.body, p.n = body, n
	for i := range p.next {
		p.next[i].Store(0)
	}
	p.ids.Store(0)
	if helpers > 0 {
		p.left.Add(helpers)
		p.busy.Store(int64(helpers))
		for range helpers {
			p.wake <- struct{}{}
		}
	}
	p.work(0)
	for i := 0; i < p.spins && p.busy.Load() > 0; i++ {
	}
	p.left.Wait()
	p.body = nil
}

func (p *Pool) serve() {
	defer p.exited.Done()
	for p.woken() {
		p.work(int(p.ids.Add(1)))
		p.busy.Add(-1)
		p.left.Done()
	}
}

// woken waits for a token, and reports false when the pool is closed.
func (p *Pool) woken() bool {
	for range p.spins {
		select {
		case _, ok := <-p.wake:
			return ok
		default:
		}
	}
	_, ok := <-p.wake
	return ok
}

func (p *Pool) work(worker int) {
	for i := range p.workers {
		part := (worker + i) % p.workers
		lo, hi := p.n*part/p.workers, p.n*(part+1)/p.workers
		for lo < hi {
			task := lo + int(p.next[part].Add(1)) - 1
			if task >= hi {
				break
			}
			p.body(worker, task)
		}
	}
}

// Close waits for a Run in progress and ends the workers. A later Run works
// on its caller's goroutine alone.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	close(p.wake)
	p.exited.Wait()
}
