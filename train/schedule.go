package train

import (
	"fmt"
	"math"
)

// Schedule is the course of the learning rates: a linear warm-up, then a cosine from 1
// down to MinRatio at Total, where MinRatio 1 is a constant rate; or with Stable (warm-up,
// stable, decay: WSD) a constant rate until step DecayFrom and from there a line down to
// MinRatio at Total. The weights before the decay can be trained on, as if Total had
// never been known; how good they are shows after it.
type Schedule struct {
	Warmup    int64   // steps
	Total     int64   // steps
	MinRatio  float64 // of the peak, at Total
	Stable    bool
	DecayFrom int64 // with Stable: the step after which the rate falls; 0: four fifths of Total
}

// Factor returns what the peak learning rate is multiplied by at a step,
// counted from 1:
//
//	t / Warmup                                        t < Warmup
//	MinRatio + (1-MinRatio) * (1+cos(pi*progress))/2  progress = (t-Warmup)/(Total-Warmup)
//	MinRatio + (1-MinRatio) * (1-progress)            progress = (t-DecayFrom)/(Total-DecayFrom), Stable
//
// The counter rises before the rate is computed, so no step has rate 0 in the warm-up.
func (s Schedule) Factor(step int64) float64 {
	if step < s.Warmup {
		return float64(step) / float64(s.Warmup)
	}
	from := s.Warmup
	if s.Stable {
		from = s.decayFrom()
	}
	progress := min(1, max(0, float64(step-from)/float64(max(1, s.Total-from))))
	if s.Stable {
		return s.MinRatio + (1-s.MinRatio)*(1-progress)
	}
	return s.MinRatio + (1-s.MinRatio)*0.5*(1+math.Cos(math.Pi*progress))
}

// Decays tells whether the rate has begun to fall at a step of a Stable schedule.
func (s Schedule) Decays(step int64) bool { return s.Stable && step > s.decayFrom() }

func (s Schedule) decayFrom() int64 {
	if s.DecayFrom > 0 {
		return s.DecayFrom
	}
	return s.Total / 5 * 4
}

func (s Schedule) validate() error {
	switch {
	case s.Warmup < 0 || s.Total < 0:
		return fmt.Errorf("%w: schedule of %d warm-up and %d total steps", ErrSpec, s.Warmup, s.Total)
	case s.DecayFrom < 0:
		return fmt.Errorf("%w: lr_decay_from is %d, want 0 or more", ErrSpec, s.DecayFrom)
	case !(s.MinRatio >= 0 && s.MinRatio <= 1):
		return fmt.Errorf("%w: lr_min_ratio is %v, want 0 to 1", ErrSpec, s.MinRatio)
	}
	return nil
}
