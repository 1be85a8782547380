package runtime

import (
	"fmt"
	"time"
)

// Halt says when a puzzle stops thinking. The zero value is HaltLearned(1).
type Halt struct {
	fixed bool
	n     int
}

// HaltLearned stops when the halting head says so (Config.Halts), but not before
// segment min.
func HaltLearned(min int) Halt { return Halt{n: min} }

// HaltFixed runs n segments whatever the halting head says.
func HaltFixed(n int) Halt { return Halt{fixed: true, n: n} }

// stops reports whether a puzzle stops after its given segment, counted from 1.
func (h Halt) stops(segment int, wants bool) bool {
	if h.fixed {
		return segment >= h.n
	}
	return wants && segment >= h.n
}

func (h Halt) String() string {
	switch {
	case h.fixed:
		return fmt.Sprintf("fixed:%d", h.n)
	case h.n > 1:
		return fmt.Sprintf("min:%d", h.n)
	}
	return "learned"
}

// DefaultNoise perturbs the start of further attempts when Options gives
// neither Noise nor Retry.
const DefaultNoise = 0.5

// Options of Solve. The zero value is one attempt with learned halting, at
// most as many segments as training allowed.
type Options struct {
	Halt        Halt
	MaxSegments int // 0: Config.HaltMaxSteps, more for larger grids than the model's own (HaltFixed(n): n); it may be larger
	Lanes       int // puzzles that think at once; 0: DefaultLanes

	// MaxTokens is the most tokens of a puzzle: a larger one gets an error before
	// anything is allocated for it. 0: DefaultMaxTokens; for Serve, which makes room
	// before it knows any puzzle, the model's own grid.
	MaxTokens int

	// Restarts is how many more attempts a puzzle gets whose answer is not
	// accepted: by Accept where it is given, else by the halting head.
	Restarts int
	// Retry gives attempt 1, 2, ... of a puzzle another form of the same
	// puzzle. Nil: the same puzzle from a perturbed start. With guesses that are right
	// a puzzle is easy: the first 31 forms have a quarter of the segments that training
	// allowed, and after every 32 attempts there is a quarter more, up to all of those of
	// the first attempt.
	Retry Retry
	Noise float32 // of the perturbed start, 0: DefaultNoise
	Seed  uint64  // of perturbed starts and of Retry
	// TimeLimit ends a puzzle after the segment in which it has been thought
	// about for so long, with its best answer so far; 0: never.
	TimeLimit time.Duration
	// RestartTime is the time for further attempts: none begins once a puzzle's share
	// of the time of its segments has come to so much; 0: no limit.
	RestartTime time.Duration
	// Accept is the task's own check of the answer to input i.
	Accept func(i int, answer []int32) bool

	// Latch is for answers that spread over the grid (puzzle.Spreader), of which networks
	// forget what they said while the answer spreads farther. After every segment it gets
	// what is kept of the answer to input i so far, nil at the first of an attempt, and
	// what the model says now, which it turns in place into what is kept from here on.
	// The attempt ends once it reports that nothing to come can change the answer.
	Latch func(i int, kept, answer []int32) (final bool)

	// OnSegment is called after every segment of every puzzle, in one
	// goroutine. The event's slices are valid during the call.
	OnSegment func(Event)
	// WantLogits fills Event.Logits.
	WantLogits bool
	// OnResult is called as each puzzle ends, with its index.
	OnResult func(i int, r Result)
	// OnLanes is called when another number of lanes is about to think, at the end with
	// 0.
	OnLanes func(busy int)
}

// Retry returns another form [S] of a puzzle's tokens [S], which it does not
// change, for one more attempt. logits [S, vocabulary] are those at the end of
// the first attempt, of which it may make guesses; seed decides what is random.
// The function back, nil when the form has the same cells and tokens as the
// puzzle, turns an answer to the form [S] and its logits (nil when not wanted)
// in place into those of the puzzle.
type Retry func(tokens []int32, logits []float32, seed uint64) (form []int32, back func(answer []int32, logits []float32))

// DefaultLanes is the number of lanes when Options gives none: enough to fill
// the kernels, little enough to keep the carry in cache.
const DefaultLanes = 8

// Event is what one segment of one puzzle came to.
type Event struct {
	Index   int // of the input
	Attempt int // from 0
	Segment int // from 1

	Tokens []int32   // [S] the answer so far, in the form that the caller gave
	Logits []float32 // [S, vocabulary], with WantLogits, in the same form

	QHalt, QContinue float32
	Done             bool // the attempt ends here
}

// Attempt is one of those at a puzzle.
type Attempt struct {
	Tokens   []int32 // [S] what it answered
	Segments int
	// Halted reports that the halting head said stop, or Options.Latch; otherwise the
	// attempt ran out of segments.
	Halted           bool
	Accepted         bool // by Options.Accept
	QHalt, QContinue float32
}

// Result is the answer to one puzzle.
type Result struct {
	Attempt               // the one that gave the answer
	First         Attempt // the first attempt, before any restart
	Attempts      int     // that were made, 1 or more
	TotalSegments int     // of all attempts
	TimedOut      bool    // Options.TimeLimit or RestartTime ended it: there would have been more segments or attempts
	Elapsed       time.Duration
	Spent         time.Duration // its share of the time of its segments
	// Err says why there is no answer: the input does not fit (ErrInput), or solving
	// stopped before the puzzle ended (ErrStopped); then the best answer so far, if
	// there is one, is there all the same.
	Err error
}

// maxSegments returns the limit for one attempt at a puzzle of a shape.
func (o *Options) maxSegments(c *Config, shape Shape) int {
	switch {
	case o.MaxSegments > 0:
		return o.MaxSegments
	case o.Halt.fixed:
		return o.Halt.n
	}
	return max(c.trainedSegments(shape), o.Halt.n)
}

// guessAttempts is the number of attempts after which further ones get more segments.
const guessAttempts = 32

// segmentsOf returns the limit for attempt n at a puzzle of a shape, of which the first
// has most.
func (o *Options) segmentsOf(c *Config, shape Shape, n int) int {
	most := o.maxSegments(c, shape)
	if n == 0 || o.Retry == nil || o.Halt.fixed {
		return most
	}
	quarters := 1 + n/guessAttempts
	return min(most, max(o.Halt.n, (c.trainedSegments(shape)*quarters+3)/4))
}

// trainedSegments returns HaltMaxSteps, and as many times more as a grid is longer than
// the model's own: answers that spread have as much farther to go.
func (c *Config) trainedSegments(shape Shape) int {
	n, own := c.HaltMaxSteps, c.Grid()
	for _, side := range [2][2]int{{shape.Rows, own.Rows}, {shape.Cols, own.Cols}} {
		n = max(n, (c.HaltMaxSteps*side[0]+side[1]-1)/side[1])
	}
	return n
}

func (o *Options) validate() error {
	switch {
	case o.Halt.n < 0 || o.Halt.fixed && o.Halt.n < 1:
		return fmt.Errorf("runtime: halting policy %v: want at least 1 segment", o.Halt)
	case o.MaxSegments < 0:
		return fmt.Errorf("runtime: at most %d segments: want 1 or more, or 0 for the model's own", o.MaxSegments)
	case o.Lanes < 0:
		return fmt.Errorf("runtime: %d lanes: want 1 or more, or 0 for %d", o.Lanes, DefaultLanes)
	case o.TimeLimit < 0 || o.RestartTime < 0:
		return fmt.Errorf("runtime: time limits of %v and %v: want 0 or more", o.TimeLimit, o.RestartTime)
	case o.MaxTokens < 0:
		return fmt.Errorf("runtime: puzzles of at most %d tokens: want 1 or more, or 0 for %d", o.MaxTokens, DefaultMaxTokens)
	case o.Restarts < 0:
		return fmt.Errorf("runtime: %d restarts: want 0 or more", o.Restarts)
	}
	return nil
}
