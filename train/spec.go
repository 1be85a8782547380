package train

import (
	"fmt"
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// maxNumbers bounds each buffer of a device, so that no product of validated
// sizes overflows and a typo is no attempt to allocate terabytes.
const maxNumbers = math.MaxInt32 / 4

// BatchSize is what the loss is divided by.
func (s *Spec) BatchSize() int {
	if s.Batch > 0 {
		return s.Batch
	}
	return s.Lanes
}

// Continues tells whether q_continue is taught, from the segment after: it decides
// about halting, or the family is HRM, which always teaches it.
func (s *Spec) Continues() bool {
	return s.Config.Family == runtime.HRM || s.Config.Rule() == runtime.HaltOverContinue
}

// Validate reports the first field that no device can take, wrapping ErrSpec
// or runtime.ErrConfig.
func (s *Spec) Validate() error {
	if err := s.Config.Validate(); err != nil {
		return err
	}
	switch {
	case s.Config.VocabSize > noLabel:
		return fmt.Errorf("%w: %d tokens, labels have room for %d", ErrSpec, s.Config.VocabSize, noLabel)
	case s.Lanes < 1:
		return fmt.Errorf("%w: %d lanes", ErrSpec, s.Lanes)
	case s.Batch != 0 && s.Batch < s.Lanes:
		return fmt.Errorf("%w: batch %d below %d lanes", ErrSpec, s.Batch, s.Lanes)
	case s.Loss != Stablemax && s.Loss != Softmax:
		return fmt.Errorf("%w: loss is %q, want %s or %s", ErrSpec, s.Loss, Stablemax, Softmax)
	case s.Config.HaltPool != runtime.FirstPosition && s.Continues():
		return fmt.Errorf("%w: q_continue is not taught with halt_pool %s: halt_rule must be %q", ErrSpec, s.Config.HaltPool, runtime.HaltPositive)
	case s.Smooth > 0 && s.Config.ByCandidate():
		return fmt.Errorf("%w: label_smoothing is %v: with mixing %s no candidate stands for some tokens, want 0", ErrSpec, s.Smooth, s.Config.Mixing)
	case !(s.Smooth >= 0 && s.Smooth < 1):
		return fmt.Errorf("%w: label smoothing is %v, want 0 or more, below 1", ErrSpec, s.Smooth)
	}
	if err := s.validateSizes(); err != nil {
		return err
	}
	return s.Optim.validate()
}

// validateSizes reports a buffer of more than maxNumbers. The products are
// taken in float64, which none of them overflows.
func (s *Spec) validateSizes() error {
	c := &s.Config
	p, d, i, lanes := float64(c.P()), float64(c.Hidden), float64(c.Inter()), float64(s.Lanes)
	params, layer := c.Block(), 0.0
	for _, w := range params.All() {
		layer += float64(w.Rows) * float64(w.Cols)
	}
	for _, b := range []struct {
		name    string
		numbers float64
	}{
		{"carry", lanes * p * d},
		{"examples", lanes * float64(c.SeqLen)},
		{"puzzle table", float64(c.NumPuzzles) * float64(c.PuzzleEmbDim)},
		{"weights", layer*float64(c.Layers(runtime.L)+c.HLayers) + d*(p+2*float64(c.VocabSize))},
		{"activations of a lane", p * 2 * i},
		{"activations of a lane over positions", d * 2 * float64(c.InterT())},
		{"logits of a lane", float64(c.SeqLen) * float64(c.VocabSize)},
		{"attention of a lane", float64(c.Heads) * p * p},
	} {
		if b.numbers > maxNumbers {
			return fmt.Errorf("%w: %s would take %.3g numbers, want at most %d", ErrSpec, b.name, b.numbers, maxNumbers)
		}
	}
	return nil
}

func (o *Optim) validate() error {
	rates := []struct {
		name       string
		v, lo, hi  float64
		highIsOpen bool
	}{
		{"beta1", o.Beta1, 0, 1, true},
		{"beta2", o.Beta2, 0, 1, true},
		{"eps", o.Eps, 0, 1, false},
		{"weight_decay", o.WeightDecay, 0, 1e3, false},
		{"puzzle_emb_weight_decay", o.PuzzleWeightDecay, 0, 1e3, false},
		{"clip_norm", o.ClipNorm, 0, math.MaxFloat64, false},
		{"ema", o.EMA, 0, 1, true},
	}
	for _, r := range rates {
		if !(r.v >= r.lo && r.v <= r.hi) || r.highIsOpen && r.v == r.hi {
			return fmt.Errorf("%w: %s is %v, want %v to %v", ErrSpec, r.name, r.v, r.lo, r.hi)
		}
	}
	switch o.Algorithm {
	case AdamAtan2, AdamW, Muon:
		return nil
	}
	return fmt.Errorf("%w: optimizer is %q, want %s, %s or %s", ErrSpec, o.Algorithm, AdamAtan2, AdamW, Muon)
}

// FLOPs returns the multiplications and additions of one step whose lanes all have
// the configuration's grid.
func (s *Spec) FLOPs() float64 { return float64(s.Lanes) * s.LaneFLOPs(s.Config.Grid()) }

// LaneFLOPs returns those of a lane whose puzzle has a shape, as runtime.Config.FLOPs
// counts them: those of a segment, and twice those of the differentiated passes and
// the heads backward; nothing for what an implementation computes again.
func (s *Spec) LaneFLOPs(shape runtime.Shape) float64 {
	forward, differentiated := s.Config.FLOPs(shape)
	if s.Continues() {
		forward *= 2 // the segment after, for the target of q_continue
	}
	return forward + 2*differentiated
}
