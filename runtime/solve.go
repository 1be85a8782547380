package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrStopped is wrapped by the Result.Err of a puzzle that had not ended when
// Solve stopped.
var ErrStopped = errors.New("stopped before an answer")

// Solve thinks about every input until it halts or runs out of segments, and
// returns one result for each, in their order. A lane is refilled as soon as
// its puzzle ends. Answers do not depend on the number of lanes.
//
// An input that does not fit the model has its Result.Err set and the others
// are still solved. The error returned is about all of them: the context
// ended, or the backend failed; then the results that were reached are
// returned with it.
func Solve(ctx context.Context, b Backend, in []Input, o Options) ([]Result, error) {
	results := make([]Result, len(in))
	for i := range results {
		results[i].Err = ErrStopped
	}
	next := 0
	err := run(ctx, b, o, min(len(in), o.lanes()), o.largest(b.Config(), in), func(bool) (Request, bool) {
		if next == len(in) {
			return Request{}, false
		}
		i := next
		next++
		return Request{Index: i, Input: in[i], Done: func(r Result) { results[i] = r }}, true
	})
	for i := range results {
		if err != nil && results[i].Err == ErrStopped {
			results[i].Err = fmt.Errorf("%w: %w", ErrStopped, err)
		}
	}
	return results, err
}

// Request is a puzzle in a queue.
type Request struct {
	Index int // for Options.Accept and events
	Input Input
	Done  func(Result) // called once, in the goroutine that runs Serve
}

// Serve solves requests as they come, many at a time, until the queue is
// closed and empty or the context ends. It then calls Done of the requests
// that it had begun, with ErrStopped, and returns why.
func Serve(ctx context.Context, b Backend, queue <-chan Request, o Options) error {
	return run(ctx, b, o, o.lanes(), o.MaxTokens, func(wait bool) (Request, bool) {
		if !wait {
			select {
			case r, ok := <-queue:
				return r, ok
			default:
				return Request{}, false
			}
		}
		select {
		case r, ok := <-queue:
			return r, ok
		case <-ctx.Done():
			return Request{}, false
		}
	})
}

// guesses reports whether Retry will want the logits of first attempts.
func (o *Options) guesses() bool { return o.Retry != nil && o.Restarts > 0 }

// largest returns the tokens of the largest puzzle within the limit.
func (o *Options) largest(c *Config, in []Input) int {
	limit, most := o.MaxTokens, 1
	if limit == 0 {
		limit = DefaultMaxTokens
	}
	if !c.AnyShape() {
		limit = min(limit, c.SeqLen)
	}
	for i := range in {
		if n := len(in[i].Tokens); n > most && n <= limit {
			most = n
		}
	}
	return most
}

func (o *Options) lanes() int {
	if o.Lanes > 0 {
		return o.Lanes
	}
	return DefaultLanes
}

// source gives the next request; with wait it may block until there is one.
type source func(wait bool) (Request, bool)

// run is the loop behind Solve and Serve.
func run(ctx context.Context, b Backend, o Options, lanes, tokens int, src source) error {
	if err := o.validate(); err != nil {
		return err
	}
	if lanes == 0 {
		return ctx.Err()
	}
	batch, err := b.NewBatch(lanes, tokens)
	if err != nil {
		return fmt.Errorf("runtime: %s: %w", b.Name(), err)
	}
	defer batch.Close()
	s := &solver{
		o: o, config: b.Config(), batch: batch, src: src,
		lanes:  make([]lane, lanes),
		active: make([]int, 0, lanes),
		out:    Output{WantLogits: o.WantLogits || o.guesses()},
	}
	s.limit = o.maxSegments(s.config)
	if err := s.loop(ctx); err != nil {
		s.abandon(err)
		return err
	}
	return nil
}

type solver struct {
	o      Options
	config *Config
	batch  Batch
	src    source
	limit  int // segments of an attempt
	lanes  []lane
	active []int // lanes that think, the argument of Step
	out    Output

	shown       []int32   // [S] an event's tokens
	shownLogits []float32 // [S, vocabulary] an event's logits
}

// lane is one puzzle on its way through its attempts.
type lane struct {
	req     Request
	busy    bool
	began   time.Time
	attempt int
	segment int // of this attempt, from 1
	total   int // segments of all attempts
	best    Result

	logits []float32                              // [S, vocabulary] at the end of the first attempt, for Retry
	back   func(answer []int32, logits []float32) // undoes what Retry did; nil: nothing
}

func (s *solver) loop(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.fill()
		if len(s.active) == 0 {
			return ctx.Err()
		}
		if err := s.batch.Step(ctx, s.active, &s.out); err != nil {
			return err
		}
		for k, i := range s.active {
			s.after(k, i)
		}
	}
}

// fill gives every free lane the next request, as long as there is one, and
// lists the lanes that think.
func (s *solver) fill() {
	s.active = s.active[:0]
	for i := range s.lanes {
		if s.lanes[i].busy {
			s.active = append(s.active, i)
		}
	}
	for i := range s.lanes {
		if s.lanes[i].busy {
			continue
		}
		if !s.begin(i, len(s.active) == 0) {
			return
		}
		s.active = append(s.active, i)
	}
}

// begin puts the next request that fits the model into lane i.
func (s *solver) begin(i int, wait bool) bool {
	l := &s.lanes[i]
	for {
		req, ok := s.src(wait)
		if !ok {
			return false
		}
		*l = lane{req: req, busy: true, began: time.Now(), logits: l.logits}
		if err := s.batch.Reset(i, req.Input); err != nil {
			l.best.Err = err
			s.finish(l)
			continue
		}
		return true
	}
}

// after looks at lane i, the k-th of the step, and decides what it does next.
func (s *solver) after(k, i int) {
	l := &s.lanes[i]
	l.segment++
	l.total++
	qh, qc := s.out.QHalt[k], s.out.QContinue[k]
	wants := s.config.Halts(qh, qc)
	ends := s.o.Halt.stops(l.segment, wants) || l.segment >= s.limit
	late := s.o.TimeLimit > 0 && time.Since(l.began) >= s.o.TimeLimit
	done := ends || late
	tokens := s.out.Tokens[k*s.out.Stride:][:len(l.req.Input.Tokens)]
	if s.o.OnSegment != nil {
		s.show(k, l, tokens, done)
	}
	if !done {
		return
	}
	r := Result{Segments: l.segment, Halted: wants, QHalt: qh, QContinue: qc}
	r.Tokens = append([]int32(nil), tokens...)
	if l.back != nil {
		l.back(r.Tokens, nil)
	}
	if s.o.Accept != nil {
		r.Accepted = s.o.Accept(l.req.Index, r.Tokens)
	}
	if l.attempt == 0 || s.better(&r, &l.best) {
		l.best = r
	}
	if last := ends && (s.settled(&r) || l.attempt == s.o.Restarts); last || late {
		l.best.TimedOut = !last
		s.finish(l)
		return
	}
	if l.attempt == 0 && s.o.Retry != nil {
		l.logits = append(l.logits[:0], s.logits(k, l)...)
	}
	if !s.restart(i) {
		s.finish(l)
	}
}

// logits returns those of the k-th lane of the step.
func (s *solver) logits(k int, l *lane) []float32 {
	v := s.config.VocabSize
	return s.out.Logits[k*s.out.Stride*v:][:len(l.req.Input.Tokens)*v]
}

// settled reports whether an attempt's answer needs no further attempt.
func (s *solver) settled(r *Result) bool {
	if s.o.Accept != nil {
		return r.Accepted
	}
	return r.Halted
}

// better reports whether a is preferred to b: accepted first, then by the
// halting head.
func (s *solver) better(a, b *Result) bool {
	if a.Accepted != b.Accepted {
		return a.Accepted
	}
	return s.config.Preference(a.QHalt, a.QContinue) > s.config.Preference(b.QHalt, b.QContinue)
}

// restart begins the next attempt of lane i.
func (s *solver) restart(i int) bool {
	l := &s.lanes[i]
	l.attempt++
	l.segment = 0
	in, seed := l.req.Input, s.o.attemptSeed(l.req.Index, l.attempt)
	if s.o.Retry != nil {
		in.Tokens, l.back = s.o.Retry(in.Tokens, l.logits, seed)
	}
	if s.o.Retry == nil || s.o.Noise > 0 {
		in.Seed, in.Noise = seed, s.o.Noise
		if in.Noise == 0 {
			in.Noise = DefaultNoise
		}
	}
	return s.batch.Reset(i, in) == nil
}

// attemptSeed mixes seed, puzzle and attempt, so that an attempt does not
// depend on which lane or how many lanes run it (SplitMix64's finalizer).
func (o *Options) attemptSeed(index, attempt int) uint64 {
	z := o.Seed + uint64(index)*0x9e3779b97f4a7c15 + uint64(attempt)*0xd1b54a32d192ed03
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// show reports a segment to the caller.
func (s *solver) show(k int, l *lane, tokens []int32, done bool) {
	s.shown = append(s.shown[:0], tokens...)
	if s.o.WantLogits {
		s.shownLogits = append(s.shownLogits[:0], s.logits(k, l)...)
	}
	if l.back != nil {
		l.back(s.shown, s.shownLogits)
	}
	e := Event{
		Index: l.req.Index, Attempt: l.attempt, Segment: l.segment, Done: done,
		Tokens: s.shown, Logits: s.shownLogits, QHalt: s.out.QHalt[k], QContinue: s.out.QContinue[k],
	}
	s.o.OnSegment(e)
}

// finish hands over a lane's result and frees the lane.
func (s *solver) finish(l *lane) {
	r := l.best
	r.Attempts, r.TotalSegments = l.attempt+1, l.total
	r.Elapsed = time.Since(l.began)
	l.busy = false
	l.req.Done(r)
	if s.o.OnResult != nil {
		s.o.OnResult(l.req.Index, r)
	}
}

// abandon ends every puzzle that was under way; the best answer of the
// attempts that ended goes with the error.
func (s *solver) abandon(err error) {
	for i := range s.lanes {
		if l := &s.lanes[i]; l.busy {
			l.best.Err = fmt.Errorf("%w: %w", ErrStopped, err)
			s.finish(l)
		}
	}
}
