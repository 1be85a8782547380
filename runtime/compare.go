package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Agreement is how close two backends stay to each other on the same puzzles.
type Agreement struct {
	Segments []StateAgreement // [segments]
	SameHalt int              // puzzles that halt at the same segment, or both at none
	SameEnd  int              // puzzles with the same answer where each halts
	Puzzles  int
	// The answers at the segment where each backend halts, or at the last one.
	Want, Got [][]int32
}

// StateAgreement is the cosine of the two backends' states after a segment,
// over puzzles.
type StateAgreement struct {
	HMean, HMin, LMean, LMin float64
}

// ErrNoState is returned for a backend whose batches are no StateReader.
var ErrNoState = errors.New("backend cannot show its state")

// Compare runs every puzzle for a number of segments on two backends of models
// of one configuration, and compares their states after each.
func Compare(ctx context.Context, want, got Backend, in []Input, segments int) (*Agreement, error) {
	a := &Agreement{Segments: make([]StateAgreement, segments)}
	for k := range a.Segments {
		a.Segments[k].HMin, a.Segments[k].LMin = 1, 1
	}
	w, err := newFollower(want)
	if err != nil {
		return nil, err
	}
	defer w.batch.Close()
	g, err := newFollower(got)
	if err != nil {
		return nil, err
	}
	defer g.batch.Close()
	for i := range in {
		if err := a.add(ctx, w, g, in[i]); err != nil {
			return nil, fmt.Errorf("puzzle %d: %w", i, err)
		}
	}
	for k := range a.Segments {
		a.Segments[k].HMean /= float64(max(1, a.Puzzles))
		a.Segments[k].LMean /= float64(max(1, a.Puzzles))
	}
	return a, nil
}

// add runs one puzzle on both.
func (a *Agreement) add(ctx context.Context, w, g *follower, in Input) error {
	if err := errors.Join(w.reset(in), g.reset(in)); err != nil {
		return err
	}
	for k := range a.Segments {
		if err := w.step(ctx, k == len(a.Segments)-1); err != nil {
			return err
		}
		if err := g.step(ctx, k == len(a.Segments)-1); err != nil {
			return err
		}
		s, h, l := &a.Segments[k], cosine(w.zH, g.zH), cosine(w.zL, g.zL)
		s.HMean, s.HMin = s.HMean+h, min(s.HMin, h)
		s.LMean, s.LMin = s.LMean+l, min(s.LMin, l)
	}
	a.Puzzles++
	a.Want, a.Got = append(a.Want, w.answer), append(a.Got, g.answer)
	if w.halted == g.halted {
		a.SameHalt++
	}
	if slices.Equal(w.answer, g.answer) {
		a.SameEnd++
	}
	return nil
}

// follower is one backend on one puzzle.
type follower struct {
	config  *Config
	batch   Batch
	state   StateReader
	out     Output
	zH, zL  []float32
	segment int
	halted  int // segment, 0: not yet
	answer  []int32
}

func newFollower(b Backend) (*follower, error) {
	batch, err := b.NewBatch(1, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	state, ok := batch.(StateReader)
	if !ok {
		batch.Close()
		return nil, fmt.Errorf("%s: %w", b.Name(), ErrNoState)
	}
	n := b.Config().P() * b.Config().Hidden
	return &follower{config: b.Config(), batch: batch, state: state, zH: make([]float32, n), zL: make([]float32, n)}, nil
}

func (f *follower) reset(in Input) error {
	f.segment, f.halted, f.answer = 0, 0, nil
	return f.batch.Reset(0, in)
}

// step runs a segment, and keeps the answer of the one that halts, or of the
// last.
func (f *follower) step(ctx context.Context, last bool) error {
	if err := f.batch.Step(ctx, []int{0}, &f.out); err != nil {
		return err
	}
	f.segment++
	halts := f.halted == 0 && f.config.Halts(f.out.QHalt[0], f.out.QContinue[0])
	if halts {
		f.halted = f.segment
	}
	if halts || last && f.halted == 0 {
		f.answer = append([]int32(nil), f.out.Tokens...)
	}
	return f.state.State(0, f.zH, f.zL)
}

// cosine of two vectors, accumulated in float64.
func cosine(a, b []float32) float64 {
	var aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	return ab / math.Sqrt(aa*bb)
}
