package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// Fallback returns a backend that runs on first until that fails, as a GPU
// does that is lost, and from then on on the other. The lanes of a batch start
// again there from their inputs, and think as often as they had before: a
// caller sees the same answers, later. Each batch changes over once. Both
// backends must run the same model; Close closes both.
func Fallback(first, then Backend) Backend { return &fallback{first: first, then: then} }

type fallback struct {
	first, then Backend
	failed      atomic.Bool
}

func (f *fallback) current() Backend {
	if f.failed.Load() {
		return f.then
	}
	return f.first
}

func (f *fallback) Name() string    { return f.current().Name() }
func (f *fallback) Config() *Config { return f.then.Config() }
func (f *fallback) Close() error    { return errors.Join(f.first.Close(), f.then.Close()) }

func (f *fallback) NewBatch(lanes, tokens int) (Batch, error) {
	b := &fallbackBatch{f: f, tokens: tokens, lanes: make([]pastLane, max(0, lanes))}
	if !f.failed.Load() {
		var err error
		if b.batch, err = f.first.NewBatch(lanes, tokens); err == nil {
			return b, nil
		}
	}
	var err error
	b.second = true
	if b.batch, err = f.then.NewBatch(lanes, tokens); err == nil {
		f.failed.Store(true)
	}
	return b, err
}

// pastLane is what a lane has done since its Reset.
type pastLane struct {
	in       Input
	segments int
	ready    bool
}

type fallbackBatch struct {
	f      *fallback
	batch  Batch
	second bool // batch is one of f.then
	tokens int  // of its largest puzzle
	lanes  []pastLane
}

func (b *fallbackBatch) Reset(lane int, in Input) error {
	err := b.batch.Reset(lane, in)
	if lane < 0 || lane >= len(b.lanes) {
		return err
	}
	b.lanes[lane] = pastLane{}
	if errors.Is(err, ErrInput) {
		return err
	}
	in.Tokens = slices.Clone(in.Tokens)
	b.lanes[lane] = pastLane{in: in, ready: true}
	if err == nil || b.second {
		b.lanes[lane].ready = err == nil
		return err
	}
	return b.change(context.Background(), err)
}

func (b *fallbackBatch) Step(ctx context.Context, lanes []int, out *Output) error {
	err := b.batch.Step(ctx, lanes, out)
	if err != nil && !b.second && ctx.Err() == nil && b.valid(lanes) {
		if err = b.change(ctx, err); err == nil {
			err = b.batch.Step(ctx, lanes, out)
		}
	}
	for _, i := range lanes {
		if i < 0 || i >= len(b.lanes) {
			continue
		}
		b.lanes[i].segments++
		b.lanes[i].ready = b.lanes[i].ready && err == nil
	}
	return err
}

// valid reports whether a step was the caller's right: its failure is then the
// backend's.
func (b *fallbackBatch) valid(lanes []int) bool {
	for n, i := range lanes {
		if i < 0 || i >= len(b.lanes) || !b.lanes[i].ready || slices.Contains(lanes[:n], i) {
			return false
		}
	}
	return true
}

// change moves to the second backend and repeats there what the lanes did.
func (b *fallbackBatch) change(ctx context.Context, why error) error {
	batch, err := b.f.then.NewBatch(len(b.lanes), b.tokens)
	if err != nil {
		return errors.Join(why, err)
	}
	b.f.failed.Store(true)
	b.batch.Close()
	b.batch, b.second = batch, true
	if err := b.repeat(ctx); err != nil {
		return fmt.Errorf("runtime: going on with %s after %w: %w", b.f.then.Name(), why, err)
	}
	return nil
}

func (b *fallbackBatch) repeat(ctx context.Context) error {
	for i := range b.lanes {
		if l := &b.lanes[i]; l.ready {
			if err := b.batch.Reset(i, l.in); err != nil {
				return err
			}
		}
	}
	var out Output
	for segment := 0; ; segment++ {
		var lanes []int
		for i := range b.lanes {
			if l := &b.lanes[i]; l.ready && l.segments > segment {
				lanes = append(lanes, i)
			}
		}
		if len(lanes) == 0 {
			return nil
		}
		if err := b.batch.Step(ctx, lanes, &out); err != nil {
			return err
		}
	}
}

// State copies a lane's zH and zL, where the backend in use can.
func (b *fallbackBatch) State(lane int, zH, zL []float32) error {
	if r, ok := b.batch.(StateReader); ok {
		return r.State(lane, zH, zL)
	}
	return ErrNoState
}

func (b *fallbackBatch) Close() error { return b.batch.Close() }
