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
// its puzzle ends; lanes that no puzzle waits for make further attempts at those that
// have had a first one. Answers do not depend on the number of lanes.
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
	err := run(ctx, b, o, o.lanesFor(len(in)), o.largest(b.Config(), in), func(bool) (Request, bool) {
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

	// Park, where given, is asked before a further attempt when none is under way, with a
	// request that goes on where this one ends. With true the puzzle leaves its lane to
	// others, until the source gives that request: its answer is the same.
	Park func(rest Request) bool
	held *thought // of a puzzle that left its lane
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
	if t := r.held; t != nil {
		result = t.result()
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

// lanesFor returns how many lanes so many puzzles can use.
func (o *Options) lanesFor(puzzles int) int {
	lanes := o.lanes()
	attempts := min(o.Restarts, lanes-1) + 1 // of one puzzle, as many as there are lanes for
	return min(lanes, min(puzzles, lanes)*attempts)
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
	told   int   // lanes that OnLanes knows of
	out    Output

	shown       []int32   // [S] an event's tokens
	shownLogits []float32 // [S, vocabulary] an event's logits
}

func (s *solver) loop(ctx context.Context) error {
	defer s.tell(0)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.fill()
		if len(s.active) == 0 {
			return ctx.Err()
		}
		s.tell(len(s.active))
		if err := s.step(ctx); err != nil {
			return err
		}
	}
}

// tell reports how many lanes think.
func (s *solver) tell(busy int) {
	if s.o.OnLanes != nil && busy != s.told {
		s.o.OnLanes(busy)
	}
	s.told = busy
}

// step runs one segment of the lanes that think. Where each of them has a context
// of its own and all of these end, it stops in the middle.
func (s *solver) step(ctx context.Context) error {
	s.out.WantLogits = false
	for _, i := range s.active {
		o := s.lanes[i].of.o
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
		t := s.lanes[i].of
		if t == nil { // its puzzle ended in a lane before
			continue
		}
		t.spent += share
		if !unwanted {
			s.after(k, i)
		}
		if c := t.req.Context; t.lanes > 0 && c != nil && c.Err() != nil { // without a lane it is parked, or over
			s.stop(t, context.Cause(c))
		}
	}
	return nil
}

// wanted returns a context that ends with ctx, or when those of all active requests
// have.
func (s *solver) wanted(ctx context.Context) (context.Context, func()) {
	for _, i := range s.active {
		if c := s.lanes[i].of.req.Context; c == nil || c.Done() == nil {
			return ctx, func() {}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	left := new(atomic.Int64)
	left.Store(int64(len(s.active)))
	stops := make([]func() bool, len(s.active))
	for k, i := range s.active {
		stops[k] = context.AfterFunc(s.lanes[i].of.req.Context, func() {
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

// fill gives every free lane the next request, as long as there is one, and then
// further attempts at the puzzles under way, and lists the lanes that think. Requests
// that leave their lanes to others leave one free, for whoever comes meanwhile.
func (s *solver) fill() {
	s.active = s.active[:0]
	for i := range s.lanes {
		if s.lanes[i].of != nil {
			s.active = append(s.active, i)
		}
	}
	if len(s.active) == 0 {
		s.tell(0) // the source may wait
	}
	waiting, free := true, len(s.lanes)-len(s.active)
	for i := range s.lanes {
		if s.lanes[i].of != nil {
			continue
		}
		free--
		if waiting {
			waiting = s.begin(i, len(s.active) == 0)
		}
		if !waiting && !s.help(i, free == 0) {
			return
		}
		s.active = append(s.active, i)
	}
}

// begin puts the next request that fits the model into lane i.
func (s *solver) begin(i int, wait bool) bool {
	for {
		req, ok := s.src(wait)
		if !ok {
			return false
		}
		t := req.held
		if req.held = nil; t == nil {
			t = s.newThought(&req)
		}
		t.req = req
		if c := req.Context; c != nil && c.Err() != nil {
			s.stop(t, context.Cause(c))
			continue
		}
		err := t.o.validate()
		if err == nil {
			err = s.attempt(t, i)
		}
		if err != nil {
			t.best.Err = err
			s.finish(t)
			continue
		}
		return true
	}
}

func (s *solver) newThought(req *Request) *thought {
	t := &thought{o: req.Options, began: time.Now()}
	if t.o == nil {
		t.o = &s.o
	}
	t.until = t.o.Restarts
	return t
}

// park hands a puzzle without a lane back between two attempts, if who asked takes it.
func (s *solver) park(t *thought) bool {
	if t.req.Park == nil {
		return false
	}
	rest := t.req
	rest.held = t
	return t.req.Park(rest)
}

// help begins in the free lane i a further attempt at the puzzle under way that has the
// fewest lanes. The last one is for those alone that keep their lanes.
func (s *solver) help(i int, last bool) bool {
	var least *thought
	for k := range s.lanes {
		t := s.lanes[k].of
		if t != nil && t.more() && (t.req.Park == nil || !last) && (least == nil || t.lanes < least.lanes) {
			least = t
		}
	}
	return least != nil && s.attempt(least, i) == nil
}

// after looks at lane i, the k-th of the step, and decides what it does next.
func (s *solver) after(k, i int) {
	l := &s.lanes[i]
	t, o := l.of, l.of.o
	l.segment++
	qh, qc := s.out.QHalt[k], s.out.QContinue[k]
	tokens := s.out.Tokens[k*s.out.Stride:][:len(t.req.Input.Tokens)]
	final := o.Latch != nil && l.latch(tokens)
	l.now = Attempt{Tokens: append(l.now.Tokens[:0], tokens...), Segments: l.segment, Halted: final || s.config.Halts(qh, qc), QHalt: qh, QContinue: qc}
	ends := o.Halt.stops(l.segment, l.now.Halted) || l.segment >= l.limit
	late := o.TimeLimit > 0 && time.Since(t.began) >= o.TimeLimit
	if o.OnSegment != nil {
		s.show(k, l, tokens, ends || late)
	}
	switch {
	case ends:
		s.end(k, i, late)
	case late:
		s.judge(l)
		t.late()
		t.rest(s.better)
		a := l.now
		l.now = Attempt{} // its tokens are kept
		t.consider(&a, s.better)
		s.finish(t)
	}
}

// end ends the attempt of lane i, the k-th of the step, and begins the next one there if
// the puzzle has no other lane; otherwise a puzzle that waits comes first.
func (s *solver) end(k, i int, late bool) {
	l := &s.lanes[i]
	t := l.of
	s.judge(l)
	if l.attempt == 0 && t.o.guesses() {
		t.logits = append(t.logits[:0], s.logits(k, l)...)
	}
	t.ended(l)
	over := t.fold(s.better)
	for k := range s.lanes { // attempts after one that was accepted
		if o := &s.lanes[k]; o.of == t && o.attempt > t.until {
			o.leave()
		}
	}
	switch {
	case over:
		s.finish(t)
	case late, t.lanes == 0 && t.o.RestartTime > 0 && t.spent >= t.o.RestartTime:
		t.late()
		t.rest(s.better)
		s.finish(t)
	case t.lanes == 0 && !s.park(t) && s.attempt(t, i) != nil:
		s.finish(t)
	}
}

// logits returns those of the k-th lane of the step.
func (s *solver) logits(k int, l *lane) []float32 {
	v := s.out.Vocab
	return s.out.Logits[k*s.out.Stride*v:][:len(l.of.req.Input.Tokens)*v]
}

// better reports whether a is preferred to b: accepted first, then by the
// halting head.
func (s *solver) better(a, b *Attempt) bool {
	if a.Accepted != b.Accepted {
		return a.Accepted
	}
	return s.config.Preference(a.QHalt, a.QContinue) > s.config.Preference(b.QHalt, b.QContinue)
}

// attempt begins the next attempt at a puzzle in lane i.
func (s *solver) attempt(t *thought, i int) error {
	l := &s.lanes[i]
	in, o, n := t.req.Input, t.o, t.next
	l.back = nil
	if n > 0 {
		seed := attemptSeed(o.Seed, &in, n)
		if o.Retry != nil {
			in.Tokens, l.back = o.Retry(in.Tokens, t.logits, seed)
		}
		if o.Retry == nil || o.Noise > 0 {
			in.Seed, in.Noise = seed, o.Noise
			if in.Noise == 0 {
				in.Noise = DefaultNoise
			}
		}
	}
	if err := s.batch.Reset(i, in); err != nil {
		return err
	}
	t.next++
	t.lanes++
	l.of, l.attempt, l.segment = t, n, 0
	l.limit = o.segmentsOf(s.config, s.config.Shape(in), n)
	return nil
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
	o := l.of.o
	s.shown = append(s.shown[:0], tokens...)
	if o.WantLogits {
		s.shownLogits = append(s.shownLogits[:0], s.logits(k, l)...)
	}
	if l.back != nil {
		l.back(s.shown, s.shownLogits)
	}
	e := Event{
		Index: l.of.req.Index, Attempt: l.attempt, Segment: l.segment, Done: done,
		Tokens: s.shown, Logits: s.shownLogits, QHalt: s.out.QHalt[k], QContinue: s.out.QContinue[k],
	}
	o.OnSegment(e)
}

// judge completes the attempt of a lane, which has ended.
func (s *solver) judge(l *lane) {
	if l.back != nil {
		l.back(l.now.Tokens, nil)
	}
	if o := l.of.o; o.Accept != nil {
		l.now.Accepted = o.Accept(l.of.req.Index, l.now.Tokens)
	}
}

// finish hands over a puzzle's result and frees its lanes.
func (s *solver) finish(t *thought) {
	for i := range s.lanes {
		if l := &s.lanes[i]; l.of == t {
			l.leave()
		}
	}
	r := t.result()
	t.req.Done(r)
	if s.o.OnResult != nil {
		s.o.OnResult(t.req.Index, r)
	}
}

// stop ends a puzzle that was under way: with the best answer of the attempts that
// ended, or where none has, with what the first one came to.
func (s *solver) stop(t *thought, err error) {
	t.rest(s.better)
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.of != t {
			continue
		}
		t.total += l.segment
		if l.attempt == 0 {
			t.best = Result{Attempt: l.now, First: l.now}
			l.now = Attempt{} // its tokens are kept
		}
	}
	t.best.Err = fmt.Errorf("%w: %w", ErrStopped, err)
	s.finish(t)
}

// abandon ends every puzzle that was under way.
func (s *solver) abandon(err error) {
	for i := range s.lanes {
		if t := s.lanes[i].of; t != nil {
			s.stop(t, err)
		}
	}
}
