package webgpu

import (
	"fmt"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// Load replaces the state.
func (t *Device) Load(s *train.State) error {
	if err := s.Check(&t.spec); err != nil {
		return err
	}
	if err := s.CheckExamples(&t.spec); err != nil {
		return err
	}
	for _, b := range t.flat(s) {
		if err := gpu.Write(b.buffer, 0, *b.host); err != nil {
			return err
		}
	}
	h := &t.host
	copy(h.HInit, s.HInit)
	copy(h.LInit, s.LInit)
	copyExamples(h, s)
	t.fresh = t.fresh[:0]
	err := firstError(t.send(), t.sendLabels(), gpu.Write(t.inits, 0, h.HInit), gpu.Write(t.inits, t.spec.Config.Hidden, h.LInit))
	if err != nil {
		return err
	}
	return t.gpu.Flush()
}

// Save copies the state.
func (t *Device) Save(s *train.State) error {
	train.NewEmptyState(&t.spec).CopyTo(s)
	for _, b := range t.flat(s) {
		if err := gpu.Read(t.gpu, *b.host, b.buffer, 0); err != nil {
			return err
		}
	}
	h := &t.host
	copy(s.HInit, h.HInit)
	copy(s.LInit, h.LInit)
	copyExamples(s, h)
	return gpu.Read(t.gpu, s.Labels, t.labels, 0) // with notes of what was said
}

// copyExamples copies the puzzles of all lanes.
func copyExamples(to, from *train.State) {
	copy(to.Tokens, from.Tokens)
	copy(to.Labels, from.Labels)
	copy(to.Shapes, from.Shapes)
	copy(to.PuzzleIDs, from.PuzzleIDs)
}

// setGrids gives the GPU the shapes of all lanes.
func (t *Device) setGrids() error {
	for lane := range t.spec.Lanes {
		if err := t.grids.Set(lane, t.host.Shape(&t.spec.Config, lane)); err != nil {
			return err
		}
	}
	return nil
}

// pair is a buffer and the slice of a state that mirrors it.
type pair struct {
	buffer *gpu.Buffer
	host   *[]float32
}

// flat lists the buffers that Load and Save move.
func (t *Device) flat(s *train.State) []pair {
	pairs := []pair{{t.params, &s.Params}, {t.m, &s.M}, {t.v, &s.V}, {t.z.ZH, &s.ZH}, {t.z.ZL, &s.ZL}}
	if t.ema != nil {
		pairs = append(pairs, pair{t.ema, &s.EMA})
	}
	if t.puzzle != nil {
		pairs = append(pairs, pair{t.puzzle, &s.Puzzle})
	}
	return pairs
}

// Gradient copies the gradient of the last step.
func (t *Device) Gradient(dense, puzzle []float32) error {
	if len(dense) > 0 {
		if err := gpu.Read(t.gpu, dense, t.grad, 0); err != nil {
			return err
		}
	}
	if len(puzzle) > 0 && t.puzzleGrad != nil {
		return gpu.Read(t.gpu, puzzle, t.puzzleGrad, 0)
	}
	return nil
}

// refill puts a new puzzle into a lane. send gives it to the GPU, together
// with all others.
func (t *Device) refill(r *train.Refill) error {
	c, h := &t.spec.Config, &t.host
	if r.Lane < 0 || r.Lane >= t.spec.Lanes {
		return fmt.Errorf("%w: refill of lane %d of %d", train.ErrState, r.Lane, t.spec.Lanes)
	}
	if err := train.CheckExample(c, r.Input, r.Labels); err != nil {
		return err
	}
	h.SetExample(c, r.Lane, r.Input, r.Labels)
	if err := gpu.Write(t.labels, r.Lane*c.SeqLen, h.Labels[r.Lane*c.SeqLen:][:c.SeqLen]); err != nil {
		return err
	}
	t.changed = true
	if r.Input.Noise == 0 {
		t.fresh = append(t.fresh, uint32(r.Lane))
		return nil
	}
	n := c.P() * c.Hidden
	zH, zL := h.ZH[r.Lane*n:(r.Lane+1)*n], h.ZL[r.Lane*n:(r.Lane+1)*n]
	m := runtime.Model{Config: *c, HInit: h.HInit, LInit: h.LInit}
	m.Start(r.Input, zH, zL)
	return firstError(gpu.Write(t.z.ZH, r.Lane*n, zH), gpu.Write(t.z.ZL, r.Lane*n, zL))
}

// send writes the puzzles of all lanes, in one piece each: their shapes, tokens behind
// the prefix and ids. What is no token is -1.
func (t *Device) send() error {
	c, h := &t.spec.Config, &t.host
	tokens := make([]int32, t.spec.Lanes*t.heads.P)
	for i := range tokens {
		tokens[i] = -1
	}
	for lane := range t.spec.Lanes {
		copy(tokens[lane*t.heads.P+c.Prefix():], h.LaneTokens(c, lane))
	}
	return firstError(
		t.setGrids(),
		gpu.Write(t.tokens, 0, tokens),
		gpu.Write(t.ids, 0, h.PuzzleIDs),
	)
}

// sendLabels writes the labels of all lanes.
func (t *Device) sendLabels() error {
	c, h := &t.spec.Config, &t.host
	labels := make([]int32, len(h.Labels))
	for i := range labels {
		labels[i] = train.IgnoreLabel
	}
	for lane := range t.spec.Lanes {
		copy(labels[lane*c.SeqLen:], h.LaneLabels(c, lane))
	}
	return gpu.Write(t.labels, 0, labels)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
