package pool

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestRunCallsEachTaskOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 8} {
		p := New(workers)
		for _, n := range []int{0, 1, 2, 7, 100} {
			calls := make([]atomic.Int32, n)
			p.Run(n, func(_, task int) { calls[task].Add(1) })
			for i := range calls {
				if c := calls[i].Load(); c != 1 {
					t.Fatalf("%d workers: task %d of %d ran %d times", workers, i, n, c)
				}
			}
		}
		p.Close()
	}
}

func TestWorkersNeverShareANumber(t *testing.T) {
	p := New(4)
	defer p.Close()
	busy := make([]atomic.Bool, p.Workers())
	for range 200 {
		p.Run(16, func(worker, _ int) {
			if busy[worker].Swap(true) {
				t.Errorf("worker %d runs two tasks at a time", worker)
			}
			runtime.Gosched()
			busy[worker].Store(false)
		})
	}
}

func TestRunFromSeveralGoroutines(t *testing.T) {
	p := New(3)
	defer p.Close()
	var total atomic.Int64
	done := make(chan struct{})
	for range 4 {
		go func() {
			for range 50 {
				p.Run(5, func(_, _ int) { total.Add(1) })
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	if total.Load() != 4*50*5 {
		t.Errorf("%d tasks ran, want %d", total.Load(), 4*50*5)
	}
}

func TestCloseEndsTheWorkers(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		New(4).Close()
	}
	// A goroutine is counted for a moment after its last statement.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines after Close, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	p := New(2)
	defer p.Close()
	body := func(_, _ int) {}
	if n := testing.AllocsPerRun(100, func() { p.Run(8, body) }); n > 0 {
		t.Errorf("Run allocates %v times", n)
	}
}

func TestRunAfterClose(t *testing.T) {
	p := New(4)
	p.Close()
	p.Close()
	var calls int // no lock: one goroutine
	p.Run(9, func(worker, _ int) {
		if worker != 0 {
			t.Errorf("worker %d after Close", worker)
		}
		calls++
	})
	if calls != 9 {
		t.Errorf("%d calls, want 9", calls)
	}
}

// An empty loop costs the wake-up and the wait.
func BenchmarkRun(b *testing.B) {
	p := New(0)
	defer p.Close()
	body := func(_, _ int) {}
	for b.Loop() {
		p.Run(2*p.Workers(), body)
	}
}
