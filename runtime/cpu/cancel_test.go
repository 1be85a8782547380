package cpu

import (
	"context"
	"errors"
	goruntime "runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
)

// cancelAt is a context that is cancelled when it is asked the n-th time, by any
// worker.
type cancelAt struct {
	context.Context
	n atomic.Int64
}

func newCancelAt(n int) *cancelAt {
	c := &cancelAt{Context: context.Background()}
	c.n.Store(int64(n))
	return c
}

func (c *cancelAt) Err() error {
	if c.n.Add(-1) <= 0 {
		return context.Canceled
	}
	return nil
}

// One pass of a model of very many positions takes minutes; who cancels it waits
// for no more than a part of a task. Attention takes the time in one model, the
// projections before it in the other.
func TestCancelledInsideAPass(t *testing.T) {
	for name, c := range map[string]runtime.Config{
		"attention":   {Hidden: 16, Heads: 1, SeqLen: 1 << 16},
		"projections": {Hidden: 512, Heads: 1, SeqLen: 1 << 16},
	} {
		c.Family, c.VocabSize, c.Expansion, c.LLayers, c.HCycles, c.LCycles = runtime.TRM, 11, 1, 1, 1, 1
		c.Positions, c.HaltMaxSteps, c.NormEps, c.RopeTheta = runtime.Rope, 1, 1e-5, 1e4
		m := newModel(t, c)
		b := newBatch(t, newBackend(t, m, Options{Threads: 2}), []runtime.Input{{Tokens: make([]int32, c.SeqLen)}})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := b.Step(ctx, []int{0}, &runtime.Output{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v", name, err)
		}
		if late := time.Since(began) - 100*time.Millisecond; late > 2*time.Second {
			t.Errorf("%s: stopped %v after the end of its context", name, late)
		} else {
			t.Logf("%s: stopped %v after the end of its context", name, late)
		}
	}
}

func TestCancelledInsideASegment(t *testing.T) {
	m := newModel(t, configs()["hrm"])
	in := inputs(&m.Config, 2)
	b := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
	if err := b.Step(newCancelAt(3), []int{1}, &runtime.Output{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if err := b.Step(context.Background(), []int{1}, &runtime.Output{}); !errors.Is(err, errNotReset) {
		t.Fatalf("the spoilt lane runs on: %v", err)
	}
	runStep(t, b, []int{0})
	if err := b.Reset(1, in[1]); err != nil {
		t.Fatal(err)
	}
	runStep(t, b, []int{1})
}

func TestThousandCancelsLeaveNoGoroutine(t *testing.T) {
	m := newModel(t, configs()["trm"])
	before := goruntime.NumGoroutine()
	b, err := New(m, Options{Threads: 4})
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(&m.Config, 2)
	for i := range 1000 {
		ctx := newCancelAt(1 + i%4)
		if _, err := runtime.Solve(ctx, b, in, runtime.Options{Lanes: 2}); err == nil {
			t.Fatal("a cancelled Solve returned no error")
		}
	}
	b.Close()
	for deadline := time.Now().Add(5 * time.Second); goruntime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", goruntime.NumGoroutine(), before)
		}
		goruntime.Gosched()
	}
}
