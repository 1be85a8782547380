package gpu

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
)

// batch holds the carry of its lanes on the device. A step works on the lanes
// in the order that it is given: lanes 0, 1, ... in place, any others gathered
// into the compact buffers first and scattered back after.
type batch struct {
	b     *Backend
	lanes int
	arena Arena
	net   *Network

	slots, compact carry
	index          *Buffer // u32 [lanes], of a gather
	stage          [2]*Buffer
	acts           *Acts
	logits         *Buffer // [R, vocabulary]
	out            *Buffer // u32 [lanes, S], then q [lanes, 2]

	ready  []bool // Reset, and no Step failed since
	used   []bool // lanes seen by the current step
	x      []float32
	zH, zL []float32
	result []uint32
	all    []float32 // logits of all positions, when asked for
}

// carry is zH, zL and the input embedding x, each [lanes, P, D].
type carry struct{ zH, zL, x *Buffer }

func newCarry(a *Arena, n int) carry {
	return carry{a.Buffer("zH", n), a.Buffer("zL", n), a.Buffer("x", n)}
}

func (c *carry) views() []View { return []View{c.zH.All(), c.zL.All(), c.x.All()} }

// NewBatch allocates a batch of empty lanes.
func (b *Backend) NewBatch(lanes int) (runtime.Batch, error) {
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
		x: make([]float32, n), zH: make([]float32, n), zL: make([]float32, n)}
	a := &t.arena
	t.net = NewNetwork(a, c, lanes)
	t.slots, t.compact = newCarry(a, lanes*n), newCarry(a, lanes*n)
	t.index = a.Buffer("lanes", lanes)
	t.stage = [2]*Buffer{a.Buffer("block input", lanes*n), a.Buffer("block input", lanes*n)}
	t.acts = t.net.NewActs(a)
	t.logits = a.Buffer("logits", lanes*c.P()*c.VocabSize)
	t.out = a.Buffer("results", lanes*(c.SeqLen+2))
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

func (t *batch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := t.check(lanes); err != nil {
		return err
	}
	out.Resize(len(lanes), &t.b.config)
	if len(lanes) == 0 {
		return ctx.Err()
	}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	err := t.record(ctx, lanes)
	if err == nil {
		err = t.read(len(lanes), out)
	}
	if err != nil {
		t.b.device.Drop()
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

// record records a whole segment on the given lanes.
func (t *batch) record(ctx context.Context, lanes []int) error {
	c, d, n := &t.b.config, t.b.device, len(lanes)
	size := c.P() * c.Hidden
	z := &t.slots
	inPlace := ascending(lanes)
	if !inPlace {
		z = &t.compact
		index := make([]uint32, n)
		for i, lane := range lanes {
			index[i] = uint32(lane)
		}
		if err := Write(t.index, 0, index); err != nil {
			return err
		}
		d.Gather(z.views(), t.slots.views(), t.index.All(), n, size)
	}
	var work float64
	for _, pass := range t.b.passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.pass(pass.Level, z, n)
		if work += float64(n) * t.b.passWork(pass.Level); work > submitWork {
			if err := d.Flush(); err != nil {
				return err
			}
			work = 0
		}
	}
	t.heads(z, n)
	if !inPlace {
		d.Scatter(t.slots.views()[:2], z.views()[:2], t.index.All(), n, size)
	}
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
func (t *batch) heads(z *carry, lanes int) {
	c, d := &t.b.config, t.b.device
	h := Heads{Lanes: lanes, P: c.P(), D: c.Hidden, Tokens: c.SeqLen, Vocab: c.VocabSize}
	d.MatMul(Linear(t.logits, z.zH, t.b.lmHead, lanes*c.P(), c.VocabSize))
	d.Argmax(t.out.All(), t.logits.All(), h)
	d.QHead(t.out.All(), lanes*c.SeqLen, z.zH.All(), t.b.qHead, t.b.qBias, h)
}

// read submits and fills out.
func (t *batch) read(lanes int, out *runtime.Output) error {
	c := &t.b.config
	n := lanes * c.SeqLen
	t.result = grow(t.result, n+2*lanes)
	if err := Read(t.b.device, t.result, t.out, 0); err != nil {
		return err
	}
	for i := range out.Tokens {
		out.Tokens[i] = int32(t.result[i])
	}
	for i := range lanes {
		out.QHalt[i], out.QContinue[i] = fromBits(t.result[n+2*i]), fromBits(t.result[n+2*i+1])
	}
	if !out.WantLogits {
		return nil
	}
	lane, prefix, s := c.P()*c.VocabSize, c.Prefix()*c.VocabSize, c.SeqLen*c.VocabSize
	t.all = grow(t.all, lanes*lane)
	if err := Read(t.b.device, t.all, t.logits, 0); err != nil {
		return err
	}
	for i := range lanes {
		copy(out.Logits[i*s:(i+1)*s], t.all[i*lane+prefix:])
	}
	return nil
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
