package runtime

import "time"

// thought is one puzzle on its way through its attempts, of which several may be under
// way side by side. They count in their order, as if each had waited for the one before.
type thought struct {
	req   Request
	o     *Options
	began time.Time
	spent time.Duration // its share of the time of its segments

	next   int        // the attempt that begins next
	until  int        // the last attempt that may count
	lanes  int        // attempts under way
	folded int        // attempts before this one are in best
	apart  []*Attempt // [folded + i] of attempts that ended before an earlier one did; nil: not yet
	total  int        // segments of the folded attempts
	best   Result

	logits []float32 // [S, vocabulary] at the end of the first attempt, for Retry
}

// lane is one attempt at a puzzle.
type lane struct {
	of      *thought // nil: the lane is free
	attempt int
	segment int     // from 1
	limit   int     // segments at most
	now     Attempt // as it is after the segment

	back func(answer []int32, logits []float32) // undoes what Retry did; nil: nothing
}

// leave frees a lane.
func (l *lane) leave() {
	l.of.lanes--
	l.of = nil
}

// latch lets Options.Latch keep of tokens what stays, and reports that the answer is final.
func (l *lane) latch(tokens []int32) bool {
	var kept []int32
	if l.segment > 1 {
		kept = l.now.Tokens
	}
	return l.of.o.Latch(l.of.req.Index, kept, tokens)
}

// more reports that a further attempt may begin beside those under way: the first has
// ended, which others may make guesses of, and there is time.
func (t *thought) more() bool {
	return t.folded > 0 && t.next <= t.until && (t.o.RestartTime == 0 || t.spent < t.o.RestartTime)
}

// ended takes the attempt of a lane, which has ended, and frees the lane.
func (t *thought) ended(l *lane) {
	i := l.attempt - t.folded
	for len(t.apart) <= i {
		t.apart = append(t.apart, nil)
	}
	a := l.now
	t.apart[i] = &a
	l.now = Attempt{} // its tokens are kept
	if t.settled(&a) {
		t.until = min(t.until, l.attempt)
	}
	l.leave()
}

// fold counts the attempts that have ended and all before which have, and reports that
// no other one counts.
func (t *thought) fold(better func(a, b *Attempt) bool) (over bool) {
	for len(t.apart) > 0 && t.apart[0] != nil {
		t.consider(t.apart[0], better)
		t.apart = t.apart[1:]
	}
	return t.folded > t.until
}

// rest counts all attempts that have ended.
func (t *thought) rest(better func(a, b *Attempt) bool) {
	for _, a := range t.apart {
		if a != nil {
			t.consider(a, better)
		}
	}
	t.apart = nil
}

// late says that there would have been more segments or attempts.
func (t *thought) late() { t.best.TimedOut = true }

// consider counts an attempt, and keeps it if it is the best.
func (t *thought) consider(a *Attempt, better func(a, b *Attempt) bool) {
	switch {
	case t.folded == 0:
		t.best.Attempt, t.best.First = *a, *a
	case better(a, &t.best.Attempt):
		t.best.Attempt = *a
	}
	t.folded++
	t.total += a.Segments
}

// result returns what a puzzle has come to.
func (t *thought) result() Result {
	r := t.best
	r.Attempts, r.TotalSegments = max(1, t.folded), t.total
	r.Elapsed, r.Spent = time.Since(t.began), t.spent
	return r
}

// settled reports whether an attempt needs no further one.
func (t *thought) settled(a *Attempt) bool {
	if t.o.Accept != nil {
		return a.Accepted
	}
	return a.Halted
}
