package runtime

import (
	"context"
	"fmt"
	"time"
)

// RaceResult is how a race of two backends came out.
type RaceResult struct {
	First, Then time.Duration // of a segment; First is 0 when it failed
	FirstWins   bool
	Why         string // in words
}

// Race times a segment of n blank puzzles on two backends of one model, after
// another to warm up. A first that fails loses; the error is then's.
func Race(ctx context.Context, first, then Backend, n int) (r RaceResult, err error) {
	var failed error
	r.First, failed = segmentTime(ctx, first, n)
	if r.Then, err = segmentTime(ctx, then, n); err != nil {
		return r, fmt.Errorf("%s: %w", then.Name(), err)
	}
	if failed != nil {
		r.Why = fmt.Sprintf("%s: %v", first.Name(), failed)
		return r, nil
	}
	r.FirstWins = r.First < r.Then
	puzzles := fmt.Sprint(n, " puzzles")
	if n == 1 {
		puzzles = "one puzzle"
	}
	r.Why = fmt.Sprintf("a segment of %s takes %v on %s, %v on %s",
		puzzles, r.First.Round(time.Microsecond), first.Name(), r.Then.Round(time.Microsecond), then.Name())
	return r, nil
}

// segmentTime returns the time of the second segment of a batch of blank
// puzzles.
func segmentTime(ctx context.Context, b Backend, n int) (time.Duration, error) {
	batch, err := b.NewBatch(n, 0)
	if err != nil {
		return 0, err
	}
	defer batch.Close()
	lanes := make([]int, n)
	in := Input{Tokens: make([]int32, b.Config().SeqLen)}
	for i := range lanes {
		lanes[i] = i
		if err := batch.Reset(i, in); err != nil {
			return 0, err
		}
	}
	var out Output
	if err := batch.Step(ctx, lanes, &out); err != nil {
		return 0, err
	}
	start := time.Now()
	err = batch.Step(ctx, lanes, &out)
	return time.Since(start), err
}
