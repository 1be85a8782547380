package train

import (
	"fmt"
	"math"
)

// Schedule is the course of the learning rates: a linear warm-up, then a
// cosine from 1 down to MinRatio at Total. MinRatio 1 is a constant rate.
type Schedule struct {
	Warmup   int64   // steps
	Total    int64   // steps
	MinRatio float64 // of the peak, at Total
}

// Factor returns what the peak learning rate is multiplied by at a step,
// counted from 1:
//
//	t / Warmup                                        t < Warmup
//	MinRatio + (1-MinRatio) * (1+cos(pi*progress))/2  progress = (t-Warmup)/(Total-Warmup)
//
// The counter rises before the rate is computed, so no step has rate 0.
func (s Schedule) Factor(step int64) float64 {
	if step < s.Warmup {
		return float64(step) / float64(s.Warmup)
	}
	progress := float64(step-s.Warmup) / float64(max(1, s.Total-s.Warmup))
	return s.MinRatio + (1-s.MinRatio)*0.5*(1+math.Cos(math.Pi*min(1, progress)))
}

func (s Schedule) validate() error {
	switch {
	case s.Warmup < 0 || s.Total < 0:
		return fmt.Errorf("%w: schedule of %d warm-up and %d total steps", ErrSpec, s.Warmup, s.Total)
	case !(s.MinRatio >= 0 && s.MinRatio <= 1):
		return fmt.Errorf("%w: lr_min_ratio is %v, want 0 to 1", ErrSpec, s.MinRatio)
	}
	return nil
}
