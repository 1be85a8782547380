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
	n     int // numbers of a lane's zH, of its P positions
	arena Arena
	net   *Network
	grids *Grids

	slots, work Carry
	index       *Buffer // u32 [2][lanes]: of a commit, of a gather
	logits      *Buffer // [lanes, prefix + tokens, vocabulary]
	candidates  *Buffer // [R] logits of candidates, where positions are those
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

func (z *Carry) views() []View { return []View{z.ZH.All(), z.ZL.All(), z.X.All()} }

// NewBatch allocates a batch of empty lanes. With weights that know the number of
// positions (see runtime.Config.AnyShape) it has room for the model's own.
func (b *Backend) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	if lanes < 1 || tokens < 0 {
		return nil, fmt.Errorf("gpu: a batch of %d lanes of %d tokens, want at least 1", lanes, tokens)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &b.config
	if tokens == 0 || !c.AnyShape() {
		tokens = c.SeqLen
	}
	tokens = mostTokens(c, tokens)
	p := mostPositions(c, min(tokens, maxNumbers))
	n := p * c.Hidden
	if lanes > maxNumbers/(n+p*(2*c.Inter()+c.Vocabulary(tokens))) {
		return nil, fmt.Errorf("gpu: %w: a batch of %d lanes of %d tokens", ErrLimit, lanes, tokens)
	}
	t := &batch{b: b, lanes: lanes, n: n, arena: Arena{Device: b.device}, ready: make([]bool, lanes), used: make([]bool, lanes),
		ahead: newAhead(lanes), x: make([]float32, n), zH: make([]float32, n), zL: make([]float32, n),
		layout: newLayout(c, lanes, tokens), indexPart: ceil(lanes, 64) * 64}
	a := &t.arena
	t.grids = NewGrids(a, c, lanes, tokens)
	t.net = NewNetwork(a, c, lanes, p)
	t.slots, t.work = NewCarry(a, c, lanes, p), NewCarry(a, c, lanes, p)
	t.index = a.Buffer("lanes", 2*t.indexPart)
	t.logits = a.Buffer("logits", lanes*(c.Prefix()+tokens)*t.layout.vocab)
	if c.ByCandidate() {
		t.candidates = a.Buffer("logits of candidates", lanes*p)
	}
	t.out = a.Buffer("results", t.layout.total)
	if a.Err != nil {
		a.Release()
		return nil, fmt.Errorf("gpu: a batch of %d lanes of %d tokens: %w", lanes, tokens, a.Err)
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
	m := t.b.model
	if err := m.Config.Check(in); err != nil {
		return fmt.Errorf("gpu: lane %d: %w", i, err)
	}
	if n := len(in.Tokens); n > t.layout.tokens {
		return fmt.Errorf("gpu: lane %d: %w: %d tokens, this batch takes at most %d", i, runtime.ErrInput, n, t.layout.tokens)
	}
	n := m.Config.PositionsOf(m.Config.Shape(in)) * m.Config.Hidden
	x, zH, zL := t.x[:n], t.zH[:n], t.zL[:n]
	if err := m.Embed(in, x); err != nil {
		return fmt.Errorf("gpu: lane %d: %w", i, err)
	}
	m.Start(in, zH, zL)
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	err := errors.Join(t.grids.Set(i, m.Config.Shape(in)), Write(t.slots.ZH, i*t.n, zH), Write(t.slots.ZL, i*t.n, zL), Write(t.slots.X, i*t.n, x))
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
	out.Resize(len(lanes), t.layout.tokens, &t.b.config)
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
	n, tokens := len(t.fresh), t.largest(t.fresh)
	to := t.layout.step(n, tokens, logits)
	if ascending(t.fresh) && tokens == t.layout.tokens {
		return t.think(ctx, &t.slots, t.grids.First(n), to)
	}
	on, err := t.gather(t.fresh, tokens)
	if err == nil {
		err = t.think(ctx, &t.work, on, to)
	}
	if err != nil {
		return err
	}
	t.scatter(t.index.View(t.indexPart, t.indexPart), n, tokens)
	return nil
}

// largest is how many tokens there must be room for in a step of some lanes: those of
// the largest puzzle, or all, where that is nearly as much and spares the copies.
func (t *batch) largest(lanes []int) (tokens int) {
	for _, lane := range lanes {
		tokens = max(tokens, t.grids.lanes[lane].Len())
	}
	if ascending(lanes) && 4*tokens > 3*t.layout.tokens {
		return t.layout.tokens
	}
	return tokens
}

// gather records copies of lanes' slots and shapes to the work space, with room for so
// many tokens a lane.
func (t *batch) gather(lanes []int, tokens int) (Lanes, error) {
	t.words = grow(t.words, len(lanes))
	for i, lane := range lanes {
		t.words[i] = uint32(lane)
	}
	on := t.grids.Gathered(len(lanes), tokens)
	if err := errors.Join(Write(t.index, t.indexPart, t.words), t.grids.Gather(lanes)); err != nil {
		return on, err
	}
	t.b.device.Gather(t.work.views(), t.slots.views(), t.index.View(t.indexPart, t.indexPart), len(lanes), on.P*t.b.config.Hidden, t.n)
	return on, nil
}

// scatter records copies of zH and zL of n lanes from the work space to the slots that
// index says.
func (t *batch) scatter(index View, n, tokens int) {
	size := mostPositions(&t.b.config, tokens) * t.b.config.Hidden
	t.b.device.Scatter(t.slots.views()[:2], t.work.views()[:2], index, n, size, t.n)
}

// think records the passes of a segment on lanes of z, and its heads, whose
// results go to a part of out.
func (t *batch) think(ctx context.Context, z *Carry, lanes Lanes, to part) error {
	var work float64
	for _, pass := range t.b.passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.net.Pass(pass.Level, t.b.levels[pass.Level], z, nil, lanes)
		if work += float64(lanes.Rows()) * t.b.rowWork(pass.Level, lanes.P); work > submitWork {
			if err := t.b.device.Flush(); err != nil {
				return err
			}
			work = 0
		}
	}
	t.heads(z, lanes, to)
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

// rowWork is roughly the operations of one pass on a position of p.
func (b *Backend) rowWork(level runtime.Level, p int) float64 {
	c := &b.config
	d := float64(c.Hidden)
	return float64(c.Layers(level)) * 2 * d * (4*d + 3*float64(c.Inter()) + 2*float64(p))
}

// heads records logits, the most likely tokens and the halting values.
func (t *batch) heads(z *Carry, lanes Lanes, to part) {
	c, d := &t.b.config, t.b.device
	h := Heads{Lanes: lanes.N, P: c.Prefix() + to.tokens, D: c.Hidden, Tokens: to.tokens, Vocab: t.layout.vocab}
	out := t.out.View(to.results, t.layout.results)
	if c.ByCandidate() {
		d.MatMul(Linear(t.candidates, z.ZH, t.b.lmHead, lanes.Rows(), 1))
		d.Say(t.logits.All(), t.candidates.All(), c, lanes, h)
	} else {
		d.MatMul(Linear(t.logits, z.ZH, t.b.lmHead, lanes.Rows(), c.VocabSize))
	}
	d.Argmax(out, t.logits.All(), h)
	if c.HaltPool == runtime.SoftMin {
		d.QPool(out, lanes.N*h.Tokens, z.ZH.All(), t.b.qHead, t.b.qBias, lanes, h)
	} else {
		d.QHead(out, lanes.N*h.Tokens, z.ZH.All(), t.b.qHead, t.b.qBias, h)
	}
	if to.logits >= 0 {
		n := lanes.N * to.lane
		d.Copy(t.out.View(to.logits, n), t.logits.View(0, n))
	}
}

// fill copies what came back from number from of out. Behind a lane's tokens there
// are zeros.
func (t *batch) fill(out *runtime.Output, from int) {
	vocab, s := t.layout.vocab, t.layout.tokens
	for k, w := range t.where {
		tokens := out.Tokens[k*s : (k+1)*s]
		for i, token := range t.result[w.tokens-from:][:w.n] {
			tokens[i] = int32(token)
		}
		clear(tokens[w.n:])
		q := t.result[w.q-from:]
		out.QHalt[k], out.QContinue[k] = fromBits(q[0]), fromBits(q[1])
		if !out.WantLogits {
			continue
		}
		logits := out.Logits[k*s*vocab : (k+1)*s*vocab]
		for i, v := range t.result[w.logits-from+t.layout.prefix*vocab:][:w.n*vocab] {
			logits[i] = fromBits(v)
		}
		clear(logits[w.n*vocab:])
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// State copies a lane's zH and zL, each [P, D] with the P of its puzzle.
func (t *batch) State(i int, zH, zL []float32) error {
	if i < 0 || i >= t.lanes {
		return fmt.Errorf("gpu: lane %d of %d", i, t.lanes)
	}
	n := t.grids.Positions(i) * t.b.config.Hidden
	if len(zH) != n || len(zL) != n {
		return fmt.Errorf("gpu: state of %d and %d numbers, want %d", len(zH), len(zL), n)
	}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	return errors.Join(Read(t.b.device, zH, t.slots.ZH, i*t.n), Read(t.b.device, zL, t.slots.ZL, i*t.n))
}

// Close frees the batch.
func (t *batch) Close() error {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.arena.Release()
	return nil
}
