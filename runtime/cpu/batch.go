package cpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// lane is the carry of one puzzle and what a block needs of all its positions.
type lane struct {
	x     []float32    // [P, D] input embedding
	z     [2][]float32 // [P, D] state, by runtime.Level
	q     []float32    // [P, D] queries of all heads
	kv    [2]memory    // of a layer and the next
	ready bool         // Reset, and no Step failed since
}

// memory is what a block's attention looks at. MLPT has none.
type memory struct {
	keys   []*kernels.Panels // per head K [P, headDim]
	values []*kernels.Panels // per head V^T [headDim, P]
}

// memory returns that of a layer. While some chunks still read it, others
// write the next layer's.
func (l *lane) memory(layer int) *memory { return &l.kv[layer%2] }

// chunk is rows [lo, hi) of a lane: the unit of parallel work.
type chunk struct {
	lane   *lane
	id     int // of the lane
	at     int // of the lane in Step's arguments
	lo, hi int
}

// batch is a number of lanes.
type batch struct {
	b      *Backend
	lanes  []lane
	rows   []chunk // of the current step: positions
	cols   []chunk // channels, MLPT only
	used   []bool  // lanes seen by the current step
	layers []layer // of the current pass
	layer  int     // of the current loop
	pass   runtime.Pass
	out    *runtime.Output
	loops  loops
	calls  map[string]int // passes of each network in this segment, when tracing
}

// loops are the bodies of the parallel loops, bound once so that a step does
// not allocate.
type loops struct{ enter, block, inject, mixPositions, feedForward, read func(worker, task int) }

// store takes a head's keys and values of some positions from kv, in which the
// keys of all heads [D] are followed by their values, 3D to a row.
func (m *memory) store(head, pos, rows int, kv []float32, d int) {
	keys, values := m.keys[head], m.values[head]
	hd := keys.K
	for i := range rows {
		row := kv[i*3*d+head*hd:]
		keys.SetRow(pos+i, row[:hd])
		values.SetCol(pos+i, row[d:d+hd])
	}
}

// NewBatch returns a batch of empty lanes.
func (b *Backend) NewBatch(lanes int) (runtime.Batch, error) {
	if lanes < 1 {
		return nil, fmt.Errorf("cpu: a batch of %d lanes, want at least 1", lanes)
	}
	t := &batch{b: b, lanes: make([]lane, lanes), used: make([]bool, lanes)}
	for i := range t.lanes {
		t.lanes[i] = newLane(&b.model.Config)
	}
	t.loops = loops{t.enter, t.block, t.inject, t.mixPositions, t.feedForward, t.read}
	return t, nil
}

func newLane(c *runtime.Config) lane {
	n := c.P() * c.Hidden
	l := lane{x: make([]float32, n), z: [2][]float32{make([]float32, n), make([]float32, n)}}
	if c.MLPT {
		return l
	}
	l.q = make([]float32, n)
	for i := range l.kv {
		for range c.Heads {
			l.kv[i].keys = append(l.kv[i].keys, kernels.NewPanels(c.P(), c.HeadDim()))
			l.kv[i].values = append(l.kv[i].values, kernels.NewPanels(c.HeadDim(), c.P()))
		}
	}
	return l
}

func (t *batch) Reset(i int, in runtime.Input) error {
	if i < 0 || i >= len(t.lanes) {
		return fmt.Errorf("cpu: lane %d of %d", i, len(t.lanes))
	}
	l := &t.lanes[i]
	l.ready = false
	if err := t.b.model.Embed(in, l.x); err != nil {
		return fmt.Errorf("cpu: lane %d: %w", i, err)
	}
	t.b.model.Start(in, l.z[runtime.H], l.z[runtime.L])
	l.ready = true
	return nil
}

func (t *batch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := t.check(lanes); err != nil {
		return err
	}
	out.Resize(len(lanes), &t.b.model.Config)
	t.out = out
	t.cut(lanes)
	if t.b.trace != nil {
		t.traceStart()
	}
	for _, t.pass = range t.b.passes {
		if err := ctx.Err(); err != nil {
			t.spoil(lanes)
			return err
		}
		t.runPass()
	}
	t.b.pool.Run(len(t.rows), t.loops.read)
	t.out = nil
	return nil
}

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
