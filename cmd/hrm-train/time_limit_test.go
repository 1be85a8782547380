package main

import (
	"testing"
	"time"
)

// A run ends after its steps or its time, and what is said about that is true of the
// one that comes first.
func TestClock(t *testing.T) {
	began := time.Unix(1000, 0)
	for _, c := range []struct {
		name               string
		steps              int64
		limit, evaluation  time.Duration
		before, load, pace time.Duration
		step               int64
		end                int64
		left               time.Duration
		share              float64
	}{
		{name: "steps alone", steps: 100, pace: time.Second, step: 20, end: 100, left: 80 * time.Second, share: 0.2},
		{name: "steps done", steps: 100, pace: time.Second, step: 100, end: 100, share: 1},
		{name: "time", steps: 1000, limit: time.Minute, pace: time.Second, step: 15, end: 60, left: 45 * time.Second, share: 0.25},
		{name: "reading counts", steps: 1000, limit: time.Minute, load: 20 * time.Second, pace: time.Second, step: 10, end: 40, left: 30 * time.Second, share: 0.5},
		{name: "so do earlier sittings", steps: 1000, limit: time.Minute, before: 30 * time.Second, pace: time.Second, step: 15, end: 30, left: 15 * time.Second, share: 0.75},
		{name: "the last evaluation is within", steps: 1000, limit: time.Minute, evaluation: 10 * time.Second, pace: time.Second, step: 30, end: 50, left: 30 * time.Second, share: 0.5},
		{name: "time over", steps: 1000, limit: time.Minute, pace: time.Second, step: 70, end: 70, share: 1},
		{name: "steps before time", steps: 20, limit: time.Minute, pace: time.Second, step: 15, end: 20, left: 5 * time.Second, share: 0.75},
	} {
		now := began
		k := &clock{steps: c.steps, limit: c.limit, before: c.before, began: began, now: func() time.Time { return now }}
		now = now.Add(c.load)
		k.start(0)
		now = now.Add(time.Duration(c.step) * c.pace)
		k.evaluation = c.evaluation
		if end, left, share := k.end(c.step), k.left(c.step), k.share(c.step); end != c.end || left != c.left || share != c.share {
			t.Errorf("%s: end %d, left %v, share %v; want %d, %v, %v", c.name, end, left, share, c.end, c.left, c.share)
		}
	}
}
