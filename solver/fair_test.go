package solver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// stubborn is a backend that answers 1 everywhere and never halts, but of puzzles that
// begin with a 5, at once.
type stubborn struct {
	config runtime.Config
	first  []int32
	steps  atomic.Int64
}

func newStubborn(lanes int) (*Solver, *stubborn) {
	b := &stubborn{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 4}}
	return New(b, puzzle.Sudoku{}, lanes), b
}

func (b *stubborn) Name() string            { return "stubborn" }
func (b *stubborn) Config() *runtime.Config { return &b.config }
func (b *stubborn) Close() error            { return nil }
func (b *stubborn) NewBatch(lanes, _ int) (runtime.Batch, error) {
	b.first = make([]int32, lanes)
	return b, nil
}

func (b *stubborn) Reset(lane int, in runtime.Input) error {
	b.first[lane] = in.Tokens[0]
	return nil
}

func (b *stubborn) Step(_ context.Context, lanes []int, out *runtime.Output) error {
	b.steps.Add(1)
	time.Sleep(time.Millisecond)
	out.Resize(len(lanes), 0, &b.config)
	for k, lane := range lanes {
		for i := range 81 {
			out.Tokens[k*81+i] = 2
		}
		out.QHalt[k] = -1
		if b.first[lane] == 6 { // the digit 5
			out.QHalt[k] = 1
		}
	}
	return nil
}

// Turns go to whoever has had least of the time since it came, and nobody who waits is
// passed over for ever by those who come after.
func TestFairTurns(t *testing.T) {
	var f fair[int]
	var heavy account[int]
	for i := range 100 {
		f.add(&heavy, i, false)
	}
	got := 0 // turns of heavy among 60, while another with one turn each comes every time
	for range 60 {
		f.add(new(account[int]), -1, false)
		a := f.due()
		if f.take(a); a == &heavy {
			got++
		}
		f.end(a, time.Second)
	}
	if got == 0 || got > 30 {
		t.Errorf("%d of 60 turns", got)
	}
	var late account[int]
	f.add(&late, 7, true)
	f.add(&late, 8, false)
	f.remove(&late, 9)
	for a := f.due(); a != &late; a = f.due() {
		f.take(a)
		f.end(a, time.Second)
	}
	if x := f.take(&late); x != 8 {
		t.Errorf("a further attempt, %d, before the first of another", x)
	}
	if !f.remove(&late, 7) || f.remove(&late, 7) {
		t.Error("remove")
	}
	f.end(&late, time.Second)
	if slices.Contains(f.parties, &late) {
		t.Error("who wants nothing is not forgotten")
	}
}

// The guesses at one party's hopeless puzzles make nobody wait longer than an attempt,
// and their results are those that they have alone.
func TestGuessesStarveNobody(t *testing.T) {
	s, b := newStubborn(2)
	defer s.Close()
	hopeless := s.With(Options{Anyway: true, Attempts: 40, Party: new(Party)})
	results := make(chan Answer, 8)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range cap(results) {
		go func() {
			a, _ := hopeless.Solve(ctx, none)
			results <- a
		}()
	}
	for b.steps.Load() < 50 {
		time.Sleep(time.Millisecond)
	}
	var wg sync.WaitGroup
	for range 20 {
		before := b.steps.Load()
		a, err := s.With(Options{Anyway: true, Attempts: 1, NoCheck: true, Party: new(Party)}).Solve(t.Context(), easy)
		if took := b.steps.Load() - before; err != nil || !a.Halted || took > 3*4 {
			t.Errorf("%v, %d segments passed: %+v", err, took, a)
		}
	}
	wg.Wait()
	for i := range cap(results) {
		if i == 3 {
			cancel()
		}
		a := <-results
		if want := 4 + 31*1 + 8*2; i < 3 && (a.Attempts != 40 || a.TotalSegments != want || a.Err != nil) {
			t.Errorf("%d attempts, %d segments, %v", a.Attempts, a.TotalSegments, a.Err)
		}
	}
}

// A puzzle whose context ends answers at once: while it waits, and in a lane after the
// segment, with the best so far; it leaves nothing behind.
func TestEndsAtOnce(t *testing.T) {
	s, b := newStubborn(1)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		p := new(Party)
		for range 3 {
			wg.Go(func() {
				a, err := s.With(Options{Anyway: true, Attempts: 1 << 20, Party: p}).Solve(ctx, none)
				if !errors.Is(err, runtime.ErrStopped) || a.Tokens != nil != a.Unfinished || a.Attempts > 0 && a.First.Tokens == nil && a.Unfinished {
					t.Errorf("%v, %+v", err, a)
				}
			})
		}
	}
	for b.steps.Load() < 200 { // until all are parked
		time.Sleep(time.Millisecond)
	}
	cancel()
	before := b.steps.Load()
	wg.Wait()
	if after := b.steps.Load(); after > before+2 {
		t.Errorf("%d segments after the end", after-before)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.queue.parties); n > 0 {
		t.Errorf("%d parties are left", n)
	}
}

// Lanes counts lanes: a puzzle that is alone guesses in all of them.
func TestLanes(t *testing.T) {
	s, _ := newStubborn(3)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.With(Options{Anyway: true, Attempts: 1 << 20}).Solve(ctx, "4"+strings.Repeat(".", 80))
	}()
	eventually := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
			busy, all := s.Lanes()
			if busy == want && all == 3 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d lanes think, want %d of 3", busy, all, want)
			}
		}
	}
	eventually(3)
	cancel()
	<-ended
	eventually(0)
}

// One that shares with others leaves a lane free: who comes waits for no guess to end.
func TestLaneForNewcomers(t *testing.T) {
	s, b := newStubborn(3)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	guessing := make(chan struct{})
	go func() {
		defer close(guessing)
		_, _ = s.With(Options{Anyway: true, Attempts: 1 << 20, Party: &Party{}}).Solve(ctx, "4"+strings.Repeat(".", 80))
	}()
	for busy := 0; busy != 2; busy, _ = s.Lanes() {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		before := b.steps.Load()
		if _, err := s.With(Options{Anyway: true, NoCheck: true, Attempts: 1, Party: &Party{}}).Solve(ctx, "5"+strings.Repeat(".", 80)); err != nil {
			t.Fatal(err)
		}
		if took := b.steps.Load() - before; took > 3 { // the one under way, its own, and one that began since
			t.Errorf("it took %d segments", took)
		}
	}
	cancel()
	<-guessing
}
