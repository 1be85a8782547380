package gpu_test

import (
	"context"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
)

// pair is two batches with the same puzzles, one of which computes ahead.
type pair struct {
	t             *testing.T
	config        *runtime.Config
	ahead, behind runtime.Batch
	in            []runtime.Input
	next          int
	tokens        []int // of each lane
}

func newPair(t *testing.T, m *runtime.Model, lanes int) *pair {
	d := open(t)
	p := &pair{t: t, config: &m.Config, in: varied(&m.Config, randomInputs(random(21), &m.Config, 40)), tokens: make([]int, lanes)}
	for _, s := range []gpu.Speculation{gpu.SpeculateAlways, gpu.SpeculateNever} {
		b, err := gpu.New(d, m)
		check(t, err)
		b.Speculate(s)
		batch, err := b.NewBatch(lanes, 0)
		check(t, err)
		t.Cleanup(func() { check(t, batch.Close()); check(t, b.Close()) })
		if s == gpu.SpeculateAlways {
			p.ahead = batch
		} else {
			p.behind = batch
		}
	}
	for lane := range lanes {
		p.reset(lane)
	}
	return p
}

// reset puts the next puzzle into a lane of both.
func (p *pair) reset(lane int) {
	in := p.in[p.next%len(p.in)]
	p.next++
	p.tokens[lane] = len(in.Tokens)
	check(p.t, p.ahead.Reset(lane, in))
	check(p.t, p.behind.Reset(lane, in))
}

func (p *pair) step(logits bool, lanes ...int) {
	p.t.Helper()
	got, want := runtime.Output{WantLogits: logits}, runtime.Output{WantLogits: logits}
	check(p.t, p.ahead.Step(p.t.Context(), lanes, &got))
	check(p.t, p.behind.Step(p.t.Context(), lanes, &want))
	near(p.t, "q_halt", got.QHalt, doubles(want.QHalt))
	near(p.t, "q_continue", got.QContinue, doubles(want.QContinue))
	near(p.t, "logits", got.Logits, doubles(want.Logits))
	if !slices.Equal(got.Tokens, want.Tokens) {
		p.t.Errorf("lanes %v: other tokens", lanes)
	}
}

// states compares the carry of every lane.
func (p *pair) states(lanes int) {
	p.t.Helper()
	for lane := range lanes {
		n := (p.config.Prefix() + p.tokens[lane]) * p.config.Hidden
		gH, gL, wH, wL := zeros(n), zeros(n), zeros(n), zeros(n)
		check(p.t, p.ahead.(runtime.StateReader).State(lane, gH, gL))
		check(p.t, p.behind.(runtime.StateReader).State(lane, wH, wL))
		near(p.t, "zH", gH, doubles(wH))
		near(p.t, "zL", gL, doubles(wL))
	}
}

// A segment that was computed ahead counts for the lanes that go on, and for
// no others: whatever lanes a step has, in whatever order, and whichever were
// given another puzzle. All kinds of model with HRM_LONG=1.
func TestAheadChangesNothing(t *testing.T) {
	models := smallModels(t)
	if !long() {
		models = map[string]*runtime.Model{"hrm": models["hrm"]}
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			const lanes = 5
			p := newPair(t, m, lanes)
			p.step(false, 0, 1, 2, 3, 4)
			p.step(false, 0, 1, 2, 3, 4) // all go on
			p.reset(2)
			p.step(false, 0, 1, 2, 3, 4) // one is new
			p.reset(0)
			p.reset(4)
			p.states(lanes) // without what was computed ahead
			p.step(false, 3, 1)
			p.step(false, 4, 2, 0, 1) // some were left out
			p.step(true, 4, 2, 0, 1)  // logits are computed again
			p.step(false, 2)
			p.states(lanes)
			for i := range lanes {
				p.reset(i)
			}
			p.step(false, 4, 3, 2, 1, 0) // all are new
			p.step(false, 0, 1, 2, 3, 4)
			p.states(lanes)
		})
	}
}

// Lanes at random: steps, refills, cancelled steps.
func TestAheadAtRandom(t *testing.T) {
	const lanes = 4
	r := random(31)
	p := newPair(t, tiny(t), lanes)
	rounds := 60
	if long() {
		rounds = 2000
	}
	for range rounds {
		chosen := r.Perm(lanes)[:1+r.IntN(lanes)]
		if r.IntN(3) == 0 {
			p.reset(r.IntN(lanes))
		}
		if r.IntN(8) == 0 {
			var out runtime.Output
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if p.ahead.Step(ctx, chosen, &out) == nil || p.behind.Step(ctx, chosen, &out) == nil {
				t.Fatal("a cancelled step succeeded")
			}
			for _, lane := range chosen {
				p.reset(lane)
			}
		}
		p.step(r.IntN(6) == 0, chosen...)
	}
	p.states(lanes)
}

// A context that ends while the next segment is recorded leaves this one's
// results as they are.
func TestAheadIsCutShort(t *testing.T) {
	p := newPair(t, tiny(t), 2)
	var got, want runtime.Output
	for n := 4; n < 8; n++ { // the step itself looks three times
		check(t, p.ahead.Step(&countdown{t.Context(), n}, []int{0, 1}, &got))
		check(t, p.behind.Step(t.Context(), []int{0, 1}, &want))
		if !slices.Equal(got.Tokens, want.Tokens) {
			t.Errorf("cut short at look %d: other tokens", n)
		}
	}
	p.states(2)
}

// Solve with refills and restarts gives the same results either way.
func TestAheadSolve(t *testing.T) {
	d := open(t)
	m := smallModels(t)["hrm"]
	in := randomInputs(random(5), &m.Config, 9)
	var results [2][]runtime.Result
	for i, s := range []gpu.Speculation{gpu.SpeculateAlways, gpu.SpeculateNever} {
		b, err := gpu.New(d, m)
		check(t, err)
		b.Speculate(s)
		results[i], err = runtime.Solve(t.Context(), b, in, runtime.Options{Lanes: 3, Restarts: 1})
		check(t, err)
		check(t, b.Close())
	}
	for i := range in {
		a, b := results[0][i], results[1][i]
		if !slices.Equal(a.Tokens, b.Tokens) || a.Segments != b.Segments || a.Attempts != b.Attempts {
			t.Errorf("puzzle %d: another result", i)
		}
	}
}
