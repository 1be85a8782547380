package runtime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	goruntime "runtime"
	"slices"
	"testing"
	"time"
)

// counter is a backend for tests of the loop: a puzzle of tokens [n, ...]
// halts at segment n, and its answer is the segment's number everywhere. From
// a perturbed start it halts at segment 1 and answers seed % 100. Logit 1 is
// the answer too.
type counter struct {
	config Config
	failAt int // Step number that fails, from 1
	steps  int
	rows   []int // lanes per step
}

func newCounter() *counter {
	return &counter{config: Config{Family: HRM, VocabSize: 200, SeqLen: 2, Hidden: 1, Heads: 1, HaltMaxSteps: 5}}
}

func (c *counter) Name() string    { return "counter" }
func (c *counter) Config() *Config { return &c.config }
func (c *counter) Close() error    { return nil }
func (c *counter) NewBatch(lanes, tokens int) (Batch, error) {
	return &counterBatch{c: c, in: make([]Input, lanes), segment: make([]int, lanes)}, nil
}

type counterBatch struct {
	c       *counter
	in      []Input
	segment []int
}

func (b *counterBatch) Reset(lane int, in Input) error {
	if err := (&Model{Config: b.c.config}).Check(in); err != nil {
		return err
	}
	b.in[lane], b.segment[lane] = in, 0
	return nil
}

func (b *counterBatch) Step(ctx context.Context, lanes []int, out *Output) error {
	b.c.steps++
	if b.c.steps == b.c.failAt {
		return errors.New("device lost")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.c.rows = append(b.c.rows, len(lanes))
	out.Resize(len(lanes), 0, &b.c.config)
	for k, i := range lanes {
		b.segment[i]++
		answer, halt := int32(b.segment[i]), b.segment[i] >= int(b.in[i].Tokens[0])
		if b.in[i].Noise > 0 {
			answer, halt = int32(b.in[i].Seed%100), true
		}
		out.Tokens[2*k], out.Tokens[2*k+1] = answer, answer
		if out.WantLogits {
			out.Logits[k*2*200+1] = float32(answer)
		}
		out.QHalt[k], out.QContinue[k] = -1, 0
		if halt {
			out.QHalt[k] = 1
		}
	}
	return nil
}

func (b *counterBatch) Close() error { return nil }

func inputs(n ...int32) []Input {
	var in []Input
	for _, v := range n {
		in = append(in, Input{Tokens: []int32{v, 0}})
	}
	return in
}

func TestSolveHaltsPerPuzzleAndRefills(t *testing.T) {
	c := newCounter()
	results, err := Solve(t.Context(), c, inputs(1, 3, 9, 2, 1), Options{Lanes: 2})
	if err != nil {
		t.Fatal(err)
	}
	wantSegments, wantHalted := []int{1, 3, 5, 2, 1}, []bool{true, true, false, true, true}
	for i, r := range results {
		if r.Segments != wantSegments[i] || r.Halted != wantHalted[i] || r.Tokens[0] != int32(wantSegments[i]) || r.Attempts != 1 {
			t.Errorf("puzzle %d: %+v, want %d segments, halted %v", i, r, wantSegments[i], wantHalted[i])
		}
	}
	if want := []int{2, 2, 2, 2, 2, 2}; !slices.Equal(c.rows, want) {
		t.Errorf("lanes per step %v, want %v: a freed lane waits", c.rows, want)
	}
}

func TestSolveHaltPolicies(t *testing.T) {
	cases := []struct {
		o    Options
		want []int
	}{
		{Options{Halt: HaltFixed(4)}, []int{4, 4, 4}},
		{Options{Halt: HaltLearned(3)}, []int{3, 3, 5}},
		{Options{MaxSegments: 7}, []int{1, 3, 7}},
		{Options{MaxSegments: 2}, []int{1, 2, 2}},
		{Options{Halt: HaltFixed(8)}, []int{8, 8, 8}},
	}
	for _, c := range cases {
		results, err := Solve(t.Context(), newCounter(), inputs(1, 3, 9), c.o)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Segments != c.want[i] {
				t.Errorf("%v at most %d: puzzle %d took %d segments, want %d", c.o.Halt, c.o.MaxSegments, i, r.Segments, c.want[i])
			}
		}
	}
}

func TestSolveRestarts(t *testing.T) {
	accept := func(_ int, answer []int32) bool { return answer[0] >= 50 }
	for lanes := 1; lanes <= 3; lanes++ {
		results, err := Solve(t.Context(), newCounter(), inputs(1, 9, 2, 9), Options{Lanes: lanes, Restarts: 20, Seed: 7, Accept: accept})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if !r.Accepted || r.Attempts < 2 || r.TotalSegments <= r.Segments {
				t.Errorf("%d lanes, puzzle %d: %+v, want an accepted answer of a later attempt", lanes, i, r)
			}
		}
	}
	// Without a check only the puzzle that ran out tries again, and the
	// attempt that halts is kept.
	results, err := Solve(t.Context(), newCounter(), inputs(1, 9), Options{Restarts: 2})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Attempts != 1 || results[1].Attempts != 2 || !results[1].Halted {
		t.Errorf("got %+v", results)
	}
}

// Further attempts run side by side in lanes that nobody waits for, and the result is
// that of one after the other: the first accepted one, and how many came before it.
func TestSolveAttemptsSideBySide(t *testing.T) {
	for _, least := range []int32{20, 60, 90, 98, 1000} {
		o := Options{Lanes: 1, Restarts: 40, Seed: 3, Accept: func(_ int, answer []int32) bool { return answer[0] >= least }}
		one := newCounter()
		want, err := Solve(t.Context(), one, inputs(9), o)
		if err != nil {
			t.Fatal(err)
		}
		for lanes := 2; lanes <= 9; lanes++ {
			c := newCounter()
			o.Lanes = lanes
			got, err := Solve(t.Context(), c, inputs(9), o)
			if err != nil {
				t.Fatal(err)
			}
			got[0].Elapsed, got[0].Spent, want[0].Elapsed, want[0].Spent = 0, 0, 0, 0
			if !reflect.DeepEqual(got, want) {
				t.Errorf("from %d, %d lanes: %+v, want that of one lane: %+v", least, lanes, got[0], want[0])
			}
			if most := slices.Max(c.rows); want[0].Attempts > 1 && (most != lanes || c.steps >= one.steps && want[0].Attempts > 2) {
				t.Errorf("from %d, %d lanes: %d at once in %d steps, one lane took %d", least, lanes, most, c.steps, one.steps)
			}
		}
	}
}

// A puzzle that waits gets a lane before a further attempt at another one does.
func TestSolvePuzzlesComeBeforeGuesses(t *testing.T) {
	var ended []int
	o := Options{
		Lanes: 2, Restarts: 30, Accept: func(i int, _ []int32) bool { return i > 0 },
		OnResult: func(i int, r Result) { ended = append(ended, i) },
	}
	results, err := Solve(t.Context(), newCounter(), inputs(2, 3, 3, 3, 3), o)
	if err != nil {
		t.Fatal(err)
	}
	if ended[len(ended)-1] != 0 || results[0].Attempts != 31 {
		t.Errorf("ended in the order %v, puzzle 0 after %d attempts, want it last, after 31", ended, results[0].Attempts)
	}
}

func TestSolveTimeLimit(t *testing.T) {
	never := Options{Restarts: 1 << 30, Accept: func(int, []int32) bool { return false }}
	for name, c := range map[string]struct {
		edit     func(*Options)
		timedOut bool
	}{
		"attempts without end":     {func(o *Options) { o.TimeLimit = 20 * time.Millisecond }, true},
		"segments without end":     {func(o *Options) { o.TimeLimit, o.Halt = 20*time.Millisecond, HaltFixed(1<<30) }, true},
		"more time than needed":    {func(o *Options) { o.TimeLimit, o.Restarts = time.Hour, 2 }, false},
		"the last segment is late": {func(o *Options) { o.TimeLimit, o.Restarts, o.MaxSegments = 1, 0, 1 }, false},
	} {
		o := never
		c.edit(&o)
		results, err := Solve(t.Context(), newCounter(), inputs(9, 9), o)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.TimedOut != c.timedOut || r.Tokens == nil || r.Err != nil {
				t.Errorf("%s: puzzle %d: %+v, want TimedOut %v", name, i, r, c.timedOut)
			}
		}
	}
}

func TestSolveRetryIsUndone(t *testing.T) {
	o := Options{Restarts: 1, WantLogits: true, OnSegment: func(e Event) {
		if e.Attempt == 1 && (e.Tokens[0] != 101 || e.Logits[1] != 8) {
			t.Errorf("event shows %d with logit %v, want both in the caller's form", e.Tokens[0], e.Logits[1])
		}
	}}
	o.Retry = func(tokens []int32, logits []float32, _ uint64) ([]int32, func([]int32, []float32)) {
		if tokens[0] != 9 || logits[1] != 5 {
			t.Errorf("asked to retry %v with logits %v, want the puzzle and those of segment 5", tokens, logits)
		}
		return inputs(1)[0].Tokens, func(answer []int32, logits []float32) {
			answer[0] += 100
			if logits != nil {
				logits[1] += 7
			}
		}
	}
	results, err := Solve(t.Context(), newCounter(), inputs(9), o)
	if err != nil || results[0].Tokens[0] != 101 || results[0].Attempts != 2 {
		t.Fatalf("%+v, %v", results[0], err)
	}
}

// With guesses an attempt is short, the longer the more there were, and never longer than
// the first.
func TestSolveGuessesAreShort(t *testing.T) {
	form := func(tokens []int32, _ []float32, _ uint64) ([]int32, func([]int32, []float32)) { return tokens, nil }
	for name, c := range map[string]struct {
		o    Options
		want map[int]int // segments by attempt
	}{
		"as trained": {Options{Retry: form}, map[int]int{0: 5, 1: 2, 31: 2, 32: 3, 64: 4, 96: 5, 400: 5}},
		"deeper":     {Options{Retry: form, MaxSegments: 7}, map[int]int{0: 7, 1: 2, 96: 5, 128: 7, 400: 7}},
		"less deep":  {Options{Retry: form, MaxSegments: 3}, map[int]int{0: 3, 1: 2, 32: 3, 400: 3}},
		"at least 4": {Options{Retry: form, Halt: HaltLearned(4)}, map[int]int{0: 5, 1: 4, 64: 4, 96: 5}},
		"always 6":   {Options{Retry: form, Halt: HaltFixed(6)}, map[int]int{0: 6, 1: 6, 400: 6}},
	} {
		got := map[int]int{}
		c.o.Restarts, c.o.OnSegment = 400, func(e Event) { got[e.Attempt] = e.Segment }
		c.o.Accept = func(int, []int32) bool { return false }
		if _, err := Solve(t.Context(), newCounter(), inputs(9), c.o); err != nil {
			t.Fatal(err)
		}
		for n, want := range c.want {
			if got[n] != want {
				t.Errorf("%s: attempt %d has %d segments, want %d", name, n, got[n], want)
			}
		}
	}
}

func TestSolveBadInputLeavesOthers(t *testing.T) {
	in := inputs(1, 2, 3)
	in[1].Tokens = []int32{1}
	results, err := Solve(t.Context(), newCounter(), in, Options{Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(results[1].Err, ErrInput) || results[0].Err != nil || results[2].Segments != 3 {
		t.Errorf("got %+v", results)
	}
}

func TestSolveBackendFailure(t *testing.T) {
	c := newCounter()
	c.failAt = 3
	results, err := Solve(t.Context(), c, inputs(1, 4, 1), Options{Lanes: 1})
	if err == nil || results[0].Err != nil {
		t.Fatalf("error %v, first result %+v", err, results[0])
	}
	for _, r := range results[1:] {
		if !errors.Is(r.Err, ErrStopped) {
			t.Errorf("unfinished puzzle says %v, want ErrStopped", r.Err)
		}
	}
}

func TestSolveRefusesBadOptions(t *testing.T) {
	for _, o := range []Options{{Lanes: -1}, {MaxSegments: -1}, {Restarts: -1}, {Halt: HaltFixed(0)}, {Halt: HaltLearned(-1)}} {
		if _, err := Solve(t.Context(), newCounter(), inputs(1), o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
	if results, err := Solve(t.Context(), newCounter(), nil, Options{}); err != nil || len(results) != 0 {
		t.Errorf("no puzzles: %v, %v", results, err)
	}
}

func TestCancelLeavesNoGoroutine(t *testing.T) {
	before := goruntime.NumGoroutine()
	for range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		o := Options{OnSegment: func(Event) { cancel() }}
		if _, err := Solve(ctx, newCounter(), inputs(9, 9), o); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want context.Canceled", err)
		}
	}
	if after := goruntime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

// from is the source of what comes through a channel.
func from(ctx context.Context, queue <-chan Request) Source {
	return func(wait bool) (Request, bool) {
		if !wait {
			select {
			case r, ok := <-queue:
				return r, ok
			default:
				return Request{}, false
			}
		}
		select {
		case r, ok := <-queue:
			return r, ok
		case <-ctx.Done():
			return Request{}, false
		}
	}
}

func TestServe(t *testing.T) {
	queue, done := make(chan Request), make(chan error)
	go func() { done <- Serve(t.Context(), newCounter(), from(t.Context(), queue), Options{Lanes: 2}) }()
	answers := make(chan string, 10)
	for i := range 10 {
		queue <- Request{Index: i, Input: inputs(int32(i%4 + 1))[0], Done: func(r Result) {
			answers <- fmt.Sprint(i, r.Segments == i%4+1)
		}}
	}
	close(queue)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	close(answers)
	n := 0
	for a := range answers {
		n++
		var i int
		var ok bool
		if fmt.Sscan(a, &i, &ok); !ok {
			t.Errorf("request %d has a wrong answer", i)
		}
	}
	if n != 10 {
		t.Errorf("%d answers, want 10", n)
	}
}

func TestServeStopsWhileItWaits(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := Serve(ctx, newCounter(), from(ctx, make(chan Request)), Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
}

// A puzzle keeps its options and its context beside others, and ends with what it has.
func TestServeEndsOnePuzzle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	long, short := Options{MaxSegments: 1 << 30}, Options{MaxSegments: 3}
	long.OnSegment = func(e Event) {
		if e.Segment == 4 {
			cancel()
		}
	}
	var got [2]Result
	requests := []Request{
		{Input: inputs(199)[0], Context: ctx, Options: &long, Done: func(r Result) { got[0] = r }},
		{Input: inputs(9)[0], Options: &short, Done: func(r Result) { got[1] = r }},
	}
	err := Serve(t.Context(), newCounter(), func(bool) (r Request, ok bool) {
		if ok = len(requests) > 0; ok {
			r, requests = requests[0], requests[1:]
		}
		return r, ok
	}, Options{Lanes: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r := got[0]; !errors.Is(r.Err, ErrStopped) || !errors.Is(r.Err, context.Canceled) || len(r.Tokens) == 0 || r.Tokens[0] != 4 || r.Attempts != 1 {
		t.Errorf("stopped: %+v, want what 4 segments came to", r)
	}
	if r := got[1]; r.Err != nil || r.Segments != 3 {
		t.Errorf("beside it: %+v, want 3 segments", r)
	}
}

// The first attempt is told apart from the one that answered.
func TestSolveFirst(t *testing.T) {
	o := Options{Restarts: 20, Accept: func(_ int, answer []int32) bool { return answer[0] >= 50 }}
	results, err := Solve(t.Context(), newCounter(), inputs(9), o)
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.First.Segments != 5 || r.First.Accepted || r.First.Tokens[0] != 5 || !r.Accepted || r.Tokens[0] < 50 {
		t.Errorf("%+v", r)
	}
}

// An attempt is the same wherever its puzzle stands.
func TestAttemptsDoNotDependOnOthers(t *testing.T) {
	o := Options{Restarts: 20, Accept: func(_ int, answer []int32) bool { return answer[0] >= 50 }}
	together, err := Solve(t.Context(), newCounter(), inputs(6, 7, 8, 9), o)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int32{6, 7, 8, 9} {
		alone, err := Solve(t.Context(), newCounter(), inputs(n), o)
		if err != nil || alone[0].Attempts != together[i].Attempts || !slices.Equal(alone[0].Tokens, together[i].Tokens) {
			t.Errorf("puzzle %d: %+v alone, %+v together, %v", i, alone[0], together[i], err)
		}
	}
}

// No attempt begins when the time for them is over, but the one under way ends.
func TestSolveRestartTime(t *testing.T) {
	o := Options{Restarts: 1 << 30, RestartTime: 20 * time.Millisecond, Accept: func(int, []int32) bool { return false }}
	results, err := Solve(t.Context(), newCounter(), inputs(9), o)
	if r := results[0]; err != nil || !r.TimedOut || r.Attempts < 2 || r.First.Segments != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A grid that is longer than the model's own gets as many times more segments.
func TestSegmentsOfLargerGrids(t *testing.T) {
	c := Config{SeqLen: 30 * 20, Cols: 20, HaltMaxSteps: 16}
	for shape, want := range map[Shape]int{{30, 20}: 16, {10, 10}: 16, {60, 20}: 32, {30, 50}: 40, {31, 20}: 17} {
		if got := (&Options{}).maxSegments(&c, shape); got != want {
			t.Errorf("%v: %d segments, want %d", shape, got, want)
		}
		if got := (&Options{MaxSegments: 7}).maxSegments(&c, shape); got != 7 {
			t.Errorf("%v: %d segments, want the 7 that are asked for", shape, got)
		}
	}
}

// What is kept of an answer while it spreads is the caller's to say, and the attempt ends
// when that is final.
func TestLatch(t *testing.T) {
	c := newCounter() // says the segment's number everywhere
	in := []Input{{Tokens: []int32{5, 1}}}
	var seen [][]int32
	results, err := Solve(t.Context(), c, in, Options{
		Latch: func(_ int, kept, answer []int32) bool {
			if (kept == nil) != (answer[0] == 1) {
				t.Errorf("keeps %v of %v", kept, answer)
			}
			if kept != nil && kept[1] > 1 {
				answer[1] = kept[1]
			}
			return answer[0] == 4
		},
		OnSegment: func(e Event) { seen = append(seen, slices.Clone(e.Tokens)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int32{{1, 1}, {2, 2}, {3, 2}, {4, 2}}
	if !slices.EqualFunc(seen, want, slices.Equal[[]int32]) || !slices.Equal(results[0].Tokens, want[3]) || !results[0].Halted {
		t.Errorf("%v, %+v", seen, results[0])
	}
}

// A puzzle whose context ends while it is parked is done once: by who goes on with it.
func TestParkedPuzzleIsDoneOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done, parked := 0, []Request{}
	o := Options{Lanes: 1, Restarts: 3, Accept: func(int, []int32) bool { return false }}
	first := Request{Input: inputs(1)[0], Context: ctx, Done: func(r Result) {
		if done++; r.Tokens == nil || !errors.Is(r.Err, ErrStopped) {
			t.Errorf("%+v, want the answer of the first attempt, stopped", r)
		}
	}}
	first.Park = func(rest Request) bool {
		cancel() // as a client leaves in that very moment
		parked = append(parked, rest)
		return true
	}
	begun := false
	source := func(bool) (r Request, ok bool) {
		switch {
		case !begun:
			begun = true
			return first, true
		case len(parked) > 0:
			r, parked = parked[0], parked[1:]
			return r, true
		}
		return r, false
	}
	if err := Serve(t.Context(), newCounter(), source, o); err != nil || done != 1 {
		t.Errorf("done %d times, %v, want once", done, err)
	}
}
