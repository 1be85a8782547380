package gpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
)

// batch holds the carry of its lanes on the device: slots, which a lane's
// number finds, and as much again as a work space. A step works on the lanes
// in the order that it is given: lanes 0, 1, ... in their slots, any others
// gathered into the work space first and scattered back after. A segment
// computed ahead (see ahead.go) stays in the work space until it is wanted.
type batch struct {
	b     *Backend
	lanes int
	arena Arena
	net   *Network

	slots, work carry
	index       *Buffer // u32 [2][lanes]: of a commit, of a gather
	stage       [2]*Buffer
	acts        *Acts
	logits      *Buffer // [R, vocabulary]
	out         *Buffer // what is read back; see layout
	layout      layout
	indexPart   int // numbers in each part of index, a multiple of 64

	ready  []bool // Reset, and no Step failed since
	used   []bool // lanes seen by the current step
	ahead  ahead
	fresh  []int   // the lanes of a step that need a segment
	where  []place // of a step's results in out
	words  []uint32
	x      []float32
	zH, zL []float32
	result []uint32
}

// carry is zH, zL and the input embedding x, each [lanes, P, D].
type carry struct{ zH, zL, x *Buffer }

func newCarry(a *Arena, n int) carry {
	return carry{a.Buffer("zH", n), a.Buffer("zL", n), a.Buffer("x", n)}
}

func (c *carry) views() []View { return []View{c.zH.All(), c.zL.All(), c.x.All()} }

// NewBatch allocates a batch of empty lanes.
func (b *Backend) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	if lanes < 1 {
		return nil, fmt.Errorf("gpu: a batch of %d lanes, want at least 1", lanes)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &b.config
	n := c.P() * c.Hidden
	if lanes > maxNumbers/(n+c.P()*(2*c.Inter()+c.VocabSize)) {
		return nil, fmt.Errorf("gpu: %w: a batch of %d lanes", ErrLimit, lanes)
	}
	t := &batch{b: b, lanes: lanes, arena: Arena{Device: b.device}, ready: make([]bool, lanes), used: make([]bool, lanes),
		ahead: newAhead(lanes), x: make([]float32, n), zH: make([]float32, n), zL: make([]float32, n),
		layout: newLayout(c, lanes), indexPart: ceil(lanes, 64) * 64}
	a := &t.arena
	t.net = NewNetwork(a, c, lanes)
	t.slots, t.work = newCarry(a, lanes*n), newCarry(a, lanes*n)
	t.index = a.Buffer("lanes", 2*t.indexPart)
	t.stage = [2]*Buffer{a.Buffer("block input", lanes*n), a.Buffer("block input", lanes*n)}
	t.acts = t.net.NewActs(a, false)
	t.logits = a.Buffer("logits", lanes*c.P()*c.VocabSize)
	t.out = a.Buffer("results", t.layout.total)
	if a.Err != nil {
		a.Release()
		return nil, fmt.Errorf("gpu: %d lanes: %w", lanes, a.Err)
	}
	return t, nil
}

// maxNumbers bounds a buffer, so that no product of sizes overflows.
const maxNumbers = 1 << 30

func (t *batch) Reset(i int, in runtime.Input) error {
	if i < 0 || i >= t.lanes {
		return fmt.Errorf("gpu: lane %d of %d", i, t.lanes)
	}
	t.ready[i] = false
	t.ahead.forget(i)
	if t.b.config.Shape(in) != t.b.config.Grid() {
		return fmt.Errorf("gpu: lane %d: %w: a grid of %v, this backend takes %v alone", i, runtime.ErrInput, t.b.config.Shape(in), t.b.config.Grid())
	}
	if err := t.b.model.Embed(in, t.x); err != nil {
		return fmt.Errorf("gpu: lane %d: %w", i, err)
	}
	t.b.model.Start(in, t.zH, t.zL)
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	n := len(t.x)
	err := errors.Join(Write(t.slots.zH, i*n, t.zH), Write(t.slots.zL, i*n, t.zL), Write(t.slots.x, i*n, t.x))
	if err != nil {
		return fmt.Errorf("gpu: lane %d: %w", i, err)
	}
	t.ready[i] = true
	return nil
}

// Step takes what was computed ahead, runs a segment for the other lanes, and
// submits the next one before it waits, if that pays.
func (t *batch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := t.check(lanes); err != nil {
		return err
	}
	out.Resize(len(lanes), 0, &t.b.config)
	if len(lanes) == 0 {
		return ctx.Err()
	}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	err := t.step(ctx, lanes, out)
	if err != nil {
		t.b.device.Drop()
		t.ahead.clear()
		for _, i := range lanes {
			t.ready[i] = false
		}
	}
	return err
}

// check reports lanes that do not exist, come twice or hold no puzzle.
func (t *batch) check(lanes []int) error {
	clear(t.used)
	for _, i := range lanes {
		switch {
		case i < 0 || i >= t.lanes:
			return fmt.Errorf("gpu: lane %d of %d", i, t.lanes)
		case t.used[i]:
			return fmt.Errorf("gpu: lane %d given twice", i)
		case !t.ready[i]:
			return fmt.Errorf("gpu: lane %d: no puzzle: Reset it first", i)
		}
		t.used[i] = true
	}
	return nil
}

func (t *batch) step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if out.WantLogits && !t.ahead.logits {
		t.ahead.clear()
	}
	t.ahead.pace.begin()
	r, err := t.commit(lanes, out.WantLogits)
	if err == nil && len(t.fresh) > 0 {
		err = t.segment(ctx, out.WantLogits)
	}
	if err != nil {
		return err
	}
	if err := t.b.device.ask(t.out, r.from, r.to-r.from); err != nil {
		return err
	}
	t.ahead.pace.submitted(len(t.fresh) > 0)
	if t.ahead.worth(t.b, len(lanes)) {
		if err := t.lookAhead(ctx, lanes, out.WantLogits); err != nil {
			return err
		}
	}
	t.result = grow(t.result, r.to-r.from)
	if err := receive(t.b.device, t.result); err != nil {
		return err
	}
	t.ahead.pace.result(len(t.fresh), r.taken, t.b.latency)
	t.fill(out, r.from)
	return nil
}

// segment records a segment of the fresh lanes, in place if it can be.
func (t *batch) segment(ctx context.Context, logits bool) error {
	z, n := &t.slots, len(t.fresh)
	inPlace := ascending(t.fresh)
	if !inPlace {
		z = &t.work
		if err := t.gather(t.fresh); err != nil {
			return err
		}
	}
	if err := t.think(ctx, z, n, t.layout.step(n, logits)); err != nil {
		return err
	}
	if !inPlace {
		t.b.device.Scatter(t.slots.views()[:2], z.views()[:2], t.index.View(t.indexPart, t.indexPart), n, len(t.x))
	}
	return nil
}

// gather records copies of lanes' slots to the work space.
func (t *batch) gather(lanes []int) error {
	t.words = grow(t.words, len(lanes))
	for i, lane := range lanes {
		t.words[i] = uint32(lane)
	}
	if err := Write(t.index, t.indexPart, t.words); err != nil {
		return err
	}
	t.b.device.Gather(t.work.views(), t.slots.views(), t.index.View(t.indexPart, t.indexPart), len(lanes), len(t.x))
	return nil
}

// think records the passes of a segment on the first n lanes of z, and its
// heads, whose results go to a part of out.
func (t *batch) think(ctx context.Context, z *carry, n int, to part) error {
	var work float64
	for _, pass := range t.b.passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.pass(pass.Level, z, n)
		if work += float64(n) * t.b.passWork(pass.Level); work > submitWork {
			if err := t.b.device.Flush(); err != nil {
				return err
			}
			work = 0
		}
	}
	t.heads(z, n, to)
	return nil
}

// ascending reports whether lanes are 0, 1, 2, ...
func ascending(lanes []int) bool {
	for i, lane := range lanes {
		if i != lane {
			return false
		}
	}
	return true
}

// submitWork is how many operations one submit may have, about a second of a
// small GPU: browsers and drivers reset a GPU that is busy for long.
const submitWork = 5e11

// passWork is roughly the operations of one pass on one lane.
func (b *Backend) passWork(level runtime.Level) float64 {
	c := &b.config
	p, d := float64(c.P()), float64(c.Hidden)
	return float64(c.Layers(level)) * 2 * p * d * (4*d + 3*float64(c.Inter()) + 2*p)
}

// pass records zL = L(zL + zH + x) or zH = H(zH + zL).
func (t *batch) pass(level runtime.Level, z *carry, lanes int) {
	c, d := &t.b.config, t.b.device
	size := lanes * c.P() * c.Hidden
	in, to := t.stage[0], z.zH
	if level == runtime.L {
		to = z.zL
		d.Add3(in.All(), z.zL.All(), z.zH.All(), z.x.All(), size)
	} else {
		d.Add(in.All(), z.zH.All(), z.zL.All(), size)
	}
	layers := t.b.levels[level]
	for i := range layers {
		y := t.stage[(i+1)%2]
		if i == len(layers)-1 {
			y = to
		}
		t.net.Block(&layers[i], y, in, t.acts, lanes)
		in = y
	}
}

// heads records logits, the most likely tokens and the halting values.
func (t *batch) heads(z *carry, lanes int, to part) {
	c, d := &t.b.config, t.b.device
	h := Heads{Lanes: lanes, P: c.P(), D: c.Hidden, Tokens: c.SeqLen, Vocab: c.VocabSize}
	out := t.out.View(to.results, t.layout.results)
	d.MatMul(Linear(t.logits, z.zH, t.b.lmHead, lanes*c.P(), c.VocabSize))
	d.Argmax(out, t.logits.All(), h)
	d.QHead(out, lanes*c.SeqLen, z.zH.All(), t.b.qHead, t.b.qBias, h)
	if to.logits >= 0 {
		n := lanes * t.layout.lane
		d.Copy(t.out.View(to.logits, n), t.logits.View(0, n))
	}
}

// fill copies what came back from number from of out.
func (t *batch) fill(out *runtime.Output, from int) {
	c := &t.b.config
	s, prefix, n := c.SeqLen, c.Prefix()*c.VocabSize, c.SeqLen*c.VocabSize
	for k, w := range t.where {
		for i, token := range t.result[w.tokens-from:][:s] {
			out.Tokens[k*s+i] = int32(token)
		}
		q := t.result[w.q-from:]
		out.QHalt[k], out.QContinue[k] = fromBits(q[0]), fromBits(q[1])
		if !out.WantLogits {
			continue
		}
		for i, v := range t.result[w.logits-from+prefix:][:n] {
			out.Logits[k*n+i] = fromBits(v)
		}
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// State copies a lane's zH and zL, each [P, D].
func (t *batch) State(i int, zH, zL []float32) error {
	if i < 0 || i >= t.lanes {
		return fmt.Errorf("gpu: lane %d of %d", i, t.lanes)
	}
	n := len(t.x)
	if len(zH) != n || len(zL) != n {
		return fmt.Errorf("gpu: state of %d and %d numbers, want %d", len(zH), len(zL), n)
	}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	return errors.Join(Read(t.b.device, zH, t.slots.zH, i*n), Read(t.b.device, zL, t.slots.zL, i*n))
}

// Close frees the batch.
func (t *batch) Close() error {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.arena.Release()
	return nil
}
