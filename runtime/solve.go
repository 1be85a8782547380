package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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
// returned with it, and of puzzles under way the best answers so far, with
// ErrStopped.
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
	// Context ends the puzzle alone, after the segment under way, with its best answer
	// so far and ErrStopped; nil: never.
	Context context.Context
	// Options of the puzzle, of which Lanes, MaxTokens and OnResult count for all; nil:
	// those of Serve.
	Options *Options
	Done    func(Result) // called once, in the goroutine that runs Serve

	// Park, where given, is asked before each further attempt, with a request that goes
	// on where this one ends. With true the puzzle leaves its lane to others, until the
	// source gives that request: its answer is the same.
	Park func(rest Request) bool
	held *lane // of a puzzle that left its lane
}

// Spent returns what a request that was parked has come to: the share that the puzzle
// had of the time of its segments.
func (r *Request) Spent() time.Duration {
	if r.held == nil {
		return 0
	}
	return r.held.spent
}

// Stop ends a request that is in no lane: Done gets the best answer of the attempts
// before it was parked, with ErrStopped.
func (r *Request) Stop(err error) {
	var result Result
	if l := r.held; l != nil {
		result = l.result()
	}
	result.Err = fmt.Errorf("%w: %w", ErrStopped, err)
	r.Done(result)
}

// Source gives the next request. With wait it may block until there is one; false
// means none now, and with wait none any more.
type Source func(wait bool) (Request, bool)

// Serve solves requests as they come, many at a time, until the source has no
// more or the context ends. It then calls Done of the requests that it had begun,
// with ErrStopped, and returns why.
func Serve(ctx context.Context, b Backend, next Source, o Options) error {
	return run(ctx, b, o, o.lanes(), o.MaxTokens, next)
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

// run is the loop behind Solve and Serve.
func run(ctx context.Context, b Backend, o Options, lanes, tokens int, src Source) error {
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
	}
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
	src    Source
	lanes  []lane
	active []int // lanes that think, the argument of Step
	out    Output

	shown       []int32   // [S] an event's tokens
	shownLogits []float32 // [S, vocabulary] an event's logits
}

// lane is one puzzle on its way through its attempts.
type lane struct {
	req     Request
	o       *Options
	limit   int // segments of an attempt
	busy    bool
	began   time.Time
	spent   time.Duration // its share of the time of its segments
	attempt int
	segment int     // of this attempt, from 1
	total   int     // segments of all attempts
	now     Attempt // the attempt under way
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
		if err := s.step(ctx); err != nil {
			return err
		}
	}
}

// step runs one segment of the lanes that think. Where each of them has a context
// of its own and all of these end, it stops in the middle.
func (s *solver) step(ctx context.Context) error {
	s.out.WantLogits = false
	for _, i := range s.active {
		o := s.lanes[i].o
		s.out.WantLogits = s.out.WantLogits || o.WantLogits || o.guesses()
	}
	wanted, release := s.wanted(ctx)
	began := time.Now()
	err := s.batch.Step(wanted, s.active, &s.out)
	unwanted := err != nil && ctx.Err() == nil && wanted.Err() != nil
	release()
	if err != nil && !unwanted {
		return err
	}
	share := time.Since(began) / time.Duration(len(s.active))
	for k, i := range s.active {
		l := &s.lanes[i]
		l.spent += share
		if !unwanted {
			s.after(k, i)
		}
		if c := l.req.Context; l.busy && c != nil && c.Err() != nil {
			s.stop(l, context.Cause(c))
		}
	}
	return nil
}

// wanted returns a context that ends with ctx, or when those of all active requests
// have.
func (s *solver) wanted(ctx context.Context) (context.Context, func()) {
	for _, i := range s.active {
		if c := s.lanes[i].req.Context; c == nil || c.Done() == nil {
			return ctx, func() {}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	left := new(atomic.Int64)
	left.Store(int64(len(s.active)))
	stops := make([]func() bool, len(s.active))
	for k, i := range s.active {
		stops[k] = context.AfterFunc(s.lanes[i].req.Context, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
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
		if held := req.held; held != nil {
			*l, req.held = *held, nil
			l.req = req
		} else {
			*l = lane{req: req, o: req.Options, busy: true, began: time.Now(), logits: l.logits}
		}
		if l.o == nil {
			l.o = &s.o
		}
		l.limit = l.o.maxSegments(s.config, s.config.Shape(req.Input))
		if c := req.Context; c != nil && c.Err() != nil {
			s.stop(l, context.Cause(c))
			continue
		}
		if err := s.start(i); err != nil {
			l.best.Err = err
			s.finish(l)
			continue
		}
		return true
	}
}

// start begins the first attempt of lane i, or the next one of a puzzle that was parked.
func (s *solver) start(i int) error {
	l := &s.lanes[i]
	if l.best.Tokens != nil {
		return s.restart(i)
	}
	if err := l.o.validate(); err != nil {
		return err
	}
	return s.batch.Reset(i, l.req.Input)
}

// park hands the puzzle of lane i back between two attempts, if who asked takes it.
func (s *solver) park(i int) bool {
	l := &s.lanes[i]
	if l.req.Park == nil {
		return false
	}
	held, rest := *l, l.req
	rest.held = &held
	if !l.req.Park(rest) {
		return false
	}
	*l = lane{} // its slices went with the puzzle
	return true
}

// after looks at lane i, the k-th of the step, and decides what it does next.
func (s *solver) after(k, i int) {
	l := &s.lanes[i]
	o := l.o
	l.segment++
	l.total++
	qh, qc := s.out.QHalt[k], s.out.QContinue[k]
	tokens := s.out.Tokens[k*s.out.Stride:][:len(l.req.Input.Tokens)]
	final := o.Latch != nil && l.latch(tokens)
	l.now = Attempt{Tokens: append(l.now.Tokens[:0], tokens...), Segments: l.segment, Halted: final || s.config.Halts(qh, qc), QHalt: qh, QContinue: qc}
	ends := o.Halt.stops(l.segment, l.now.Halted) || l.segment >= l.limit
	late := o.TimeLimit > 0 && time.Since(l.began) >= o.TimeLimit
	if o.OnSegment != nil {
		s.show(k, l, tokens, ends || late)
	}
	if !ends && !late {
		return
	}
	s.judge(l)
	settled := l.settled()
	if last := ends && (settled || l.attempt == o.Restarts); last || late {
		l.best.TimedOut = !last
		s.finish(l)
		return
	}
	if o.RestartTime > 0 && l.spent >= o.RestartTime {
		l.best.TimedOut = true
		s.finish(l)
		return
	}
	if l.attempt == 0 && o.Retry != nil {
		l.logits = append(l.logits[:0], s.logits(k, l)...)
	}
	if !s.park(i) && s.restart(i) != nil {
		s.finish(l)
	}
}

// latch keeps in tokens what was said in the segment before and is not the input's own,
// and reports that the answer is final.
func (l *lane) latch(tokens []int32) bool {
	if l.segment > 1 {
		for i, own := range l.req.Input.Tokens {
			if said := l.now.Tokens[i]; said != own {
				tokens[i] = said
			}
		}
	}
	return l.o.Latch(l.req.Index, tokens)
}

// judge ends the attempt under way, and keeps it if it is the best.
func (s *solver) judge(l *lane) {
	p := &l.now
	if l.back != nil {
		l.back(p.Tokens, nil)
	}
	if l.o.Accept != nil {
		p.Accepted = l.o.Accept(l.req.Index, p.Tokens)
	}
	switch {
	case l.attempt == 0:
		l.best = Result{Attempt: *p, First: *p}
		p.Tokens = nil // they are kept
	case s.better(p, &l.best.Attempt):
		p.Tokens, l.best.Attempt = l.best.Tokens, *p
		if &p.Tokens[0] == &l.best.First.Tokens[0] {
			p.Tokens = nil
		}
	}
}

// logits returns those of the k-th lane of the step.
func (s *solver) logits(k int, l *lane) []float32 {
	v := s.config.VocabSize
	return s.out.Logits[k*s.out.Stride*v:][:len(l.req.Input.Tokens)*v]
}

// settled reports whether the attempt that ended needs no further one.
func (l *lane) settled() bool {
	if l.o.Accept != nil {
		return l.now.Accepted
	}
	return l.now.Halted
}

// better reports whether a is preferred to b: accepted first, then by the
// halting head.
func (s *solver) better(a, b *Attempt) bool {
	if a.Accepted != b.Accepted {
		return a.Accepted
	}
	return s.config.Preference(a.QHalt, a.QContinue) > s.config.Preference(b.QHalt, b.QContinue)
}

// restart begins the next attempt of lane i.
func (s *solver) restart(i int) error {
	l := &s.lanes[i]
	l.attempt++
	l.segment = 0
	in, o := l.req.Input, l.o
	seed := attemptSeed(o.Seed, &in, l.attempt)
	if o.Retry != nil {
		in.Tokens, l.back = o.Retry(in.Tokens, l.logits, seed)
	}
	if o.Retry == nil || o.Noise > 0 {
		in.Seed, in.Noise = seed, o.Noise
		if in.Noise == 0 {
			in.Noise = DefaultNoise
		}
	}
	return s.batch.Reset(i, in)
}

// attemptSeed mixes seed, puzzle and attempt, so that an attempt does not depend on
// what else is solved, or where (FNV-1a, and SplitMix64's finalizer).
func attemptSeed(seed uint64, in *Input, attempt int) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, t := range in.Tokens {
		h = (h ^ uint64(uint32(t))) * 0x100000001b3
	}
	z := seed + (h^uint64(uint32(in.PuzzleID)))*0x9e3779b97f4a7c15 + uint64(attempt)*0xd1b54a32d192ed03
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// show reports a segment to the caller.
func (s *solver) show(k int, l *lane, tokens []int32, done bool) {
	s.shown = append(s.shown[:0], tokens...)
	if l.o.WantLogits {
		s.shownLogits = append(s.shownLogits[:0], s.logits(k, l)...)
	}
	if l.back != nil {
		l.back(s.shown, s.shownLogits)
	}
	e := Event{
		Index: l.req.Index, Attempt: l.attempt, Segment: l.segment, Done: done,
		Tokens: s.shown, Logits: s.shownLogits, QHalt: s.out.QHalt[k], QContinue: s.out.QContinue[k],
	}
	l.o.OnSegment(e)
}

// finish hands over a lane's result and frees the lane.
func (s *solver) finish(l *lane) {
	r := l.result()
	l.busy = false
	l.req.Done(r)
	if s.o.OnResult != nil {
		s.o.OnResult(l.req.Index, r)
	}
}

// result returns what a puzzle has come to.
func (l *lane) result() Result {
	r := l.best
	r.Attempts, r.TotalSegments = l.attempt+1, l.total
	r.Elapsed, r.Spent = time.Since(l.began), l.spent
	return r
}

// stop ends a puzzle that was under way: with the best answer of the attempts that
// ended, or where none has, with what the first one came to.
func (s *solver) stop(l *lane, err error) {
	if l.best.Tokens == nil {
		l.best = Result{Attempt: l.now, First: l.now}
	}
	l.best.Err = fmt.Errorf("%w: %w", ErrStopped, err)
	s.finish(l)
}

// abandon ends every puzzle that was under way.
func (s *solver) abandon(err error) {
	for i := range s.lanes {
		if l := &s.lanes[i]; l.busy {
			s.stop(l, err)
		}
	}
}
