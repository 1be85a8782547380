package main

import (
	"time"

	"github.com/hrmgo/hrm/train/config"
)

// clock knows how far a run is, and when it ends: after its steps, or after the time
// of the key for, whichever comes first. The time counts from the start of a sitting,
// with reading and evaluations, all sittings together.
type clock struct {
	steps int64         // of the whole run
	limit time.Duration // 0: steps alone

	before     time.Duration // of earlier sittings
	began      time.Time     // of this sitting
	from       int64         // the step that it goes on after
	first      time.Time     // when its first step began
	evaluation time.Duration // that the last evaluation took

	now func() time.Time
}

func newClock(c *config.Config) *clock {
	return &clock{steps: int64(c.Steps), limit: c.For, began: time.Now(), now: time.Now}
}

func (k *clock) elapsed() time.Duration { return k.before + k.now().Sub(k.began) }

// start is called before the first step of a sitting.
func (k *clock) start(from int64) { k.from, k.first = from, k.now() }

// perStep is the mean time of a step of this sitting, evaluations spread over them.
func (k *clock) perStep(step int64) time.Duration {
	return k.now().Sub(k.first) / time.Duration(max(1, step-k.from))
}

// end returns the step after which the run ends at the pace so far, with time left
// for a last evaluation like the one before.
func (k *clock) end(step int64) int64 {
	if k.limit == 0 {
		return k.steps
	}
	left := k.limit - k.elapsed() - k.evaluation
	if left <= 0 {
		return min(step, k.steps)
	}
	return min(k.steps, step+int64(left/max(1, k.perStep(step))))
}

// left is the time until the end, never below 0.
func (k *clock) left(step int64) time.Duration {
	left := k.perStep(step)*time.Duration(k.end(step)-step) + k.evaluation
	if k.limit > 0 {
		left = min(left, k.limit-k.elapsed())
	}
	return max(0, left)
}

// share returns how much of what bounds the run is done, 0 to 1.
func (k *clock) share(step int64) float64 {
	share := float64(step) / float64(max(1, k.steps))
	if k.limit > 0 {
		share = max(share, float64(k.elapsed())/float64(k.limit))
	}
	return min(1, share)
}
