package cpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/runtime"
)

// lane is the carry of one puzzle.
type lane struct {
	grid  *geometry
	x     []float32    // [P, D] input embedding
	z     [2][]float32 // [P, D] state, by runtime.Level
	ready bool         // Reset, and no Step failed since
}

// batch is a number of lanes.
type batch struct {
	b      *Backend
	tokens int // of the largest puzzle
	lanes  []lane
	used   []bool // lanes seen by the current step
	sorted []int  // the lanes of the current step, by shape
	places []int  // where each of them was in its arguments
	groups []group
	apart  bool         // each group has a worker for itself
	sets   []activation // of a group: one, or with apart one for each worker
	group  *group       // that all workers are in, when not apart
	pass   runtime.Pass
	layers []layer // of the pass
	out    *runtime.Output
	ctx    context.Context                  // of the step
	loops  [numSteps]func(worker, task int) // bound once, so that a step does not allocate
	q      [2][]float32                     // [lanes of the step, tokens] q_halt and q_continue of each token, with runtime.SoftMin
	passes func(worker, task int)
	room   func(worker, task int)
	calls  map[string]int // passes of each network in this segment, when tracing
}

// NewBatch returns a batch of empty lanes. A lane takes memory when a puzzle needs
// it.
func (b *Backend) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	if lanes < 1 || tokens < 0 {
		return nil, fmt.Errorf("cpu: a batch of %d lanes of %d tokens, want at least 1", lanes, tokens)
	}
	if tokens == 0 {
		tokens = b.model.Config.SeqLen
	}
	t := &batch{b: b, tokens: tokens, lanes: make([]lane, lanes), used: make([]bool, lanes)}
	for i := range t.loops {
		t.loops[i] = func(worker, task int) { t.task(stepKind(i), t.group, worker, task) }
	}
	t.room = t.fitScratch
	t.passes = func(worker, task int) { t.runPass(&t.groups[task], worker) }
	return t, nil
}

// fit gives the lane a grid and room for its positions.
func (l *lane) fit(g *geometry, d int) {
	n := g.positions * d
	l.grid = g
	l.x, l.z[0], l.z[1] = reuse.Grow(&l.x, n), reuse.Grow(&l.z[0], n), reuse.Grow(&l.z[1], n)
}

func (t *batch) Reset(i int, in runtime.Input) error {
	if i < 0 || i >= len(t.lanes) {
		return fmt.Errorf("cpu: lane %d of %d", i, len(t.lanes))
	}
	m, l := t.b.model, &t.lanes[i]
	l.ready = false
	if err := m.Config.Check(in); err != nil {
		return fmt.Errorf("cpu: lane %d: %w", i, err)
	}
	if n := len(in.Tokens); n > t.tokens {
		return fmt.Errorf("cpu: lane %d: %w: %d tokens, this batch takes at most %d", i, runtime.ErrInput, n, t.tokens)
	}
	l.fit(t.b.geometry(m.Config.Shape(in)), m.Config.Hidden)
	if err := m.Embed(in, l.x); err != nil {
		return fmt.Errorf("cpu: lane %d: %w", i, err)
	}
	m.Start(in, l.z[runtime.H], l.z[runtime.L])
	l.ready = true
	return nil
}

func (t *batch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := t.check(lanes); err != nil {
		return err
	}
	out.Resize(len(lanes), t.tokens, &t.b.model.Config)
	t.out, t.ctx = out, ctx
	t.cut(lanes)
	if t.softMin() {
		for i := range t.q {
			reuse.Grow(&t.q[i], len(lanes)*t.out.Stride)
		}
	}
	if t.b.trace != nil {
		t.traceStart()
	}
	for _, t.pass = range t.b.passes {
		if t.stopped() {
			break
		}
		t.runPasses()
	}
	for i := range t.groups {
		g := &t.groups[i]
		g.plan = &g.plans[runtime.L]
		t.run(g, together, &g.read)
	}
	if t.softMin() {
		t.pool(lanes)
	}
	if err := ctx.Err(); err != nil { // some tasks may have been left out
		t.spoil(lanes)
		return err
	}
	t.out = nil
	return nil
}

// stopped tells whether the context has ended. Workers ask before each task, and
// in those that take long in a model of many positions: what is left of a step is
// then gone through without computing.
func (t *batch) stopped() bool { return t.ctx.Err() != nil }

// check reports lanes that do not exist, come twice or hold no puzzle.
func (t *batch) check(lanes []int) error {
	clear(t.used)
	for _, i := range lanes {
		switch {
		case i < 0 || i >= len(t.lanes):
			return fmt.Errorf("cpu: lane %d of %d", i, len(t.lanes))
		case t.used[i]:
			return fmt.Errorf("cpu: lane %d given twice", i)
		case !t.lanes[i].ready:
			return fmt.Errorf("cpu: lane %d: %w", i, errNotReset)
		}
		t.used[i] = true
	}
	return nil
}

var errNotReset = errors.New("no puzzle: Reset it first")

// spoil marks lanes that stopped inside a segment.
func (t *batch) spoil(lanes []int) {
	for _, i := range lanes {
		t.lanes[i].ready = false
	}
	t.out = nil
}

// State copies a lane's zH and zL, each [P, D].
func (t *batch) State(i int, zH, zL []float32) error {
	if i < 0 || i >= len(t.lanes) {
		return fmt.Errorf("cpu: lane %d of %d", i, len(t.lanes))
	}
	z := &t.lanes[i].z
	if n := len(z[runtime.H]); len(zH) != n || len(zL) != n {
		return fmt.Errorf("cpu: state of %d and %d numbers, want %d", len(zH), len(zL), n)
	}
	copy(zH, z[runtime.H])
	copy(zL, z[runtime.L])
	return nil
}

func (t *batch) Close() error { return nil }
