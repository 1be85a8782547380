package solver

import (
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Options say how long and how often to think about a puzzle. The zero value has the
// defaults, which are the same for every program, page and plugin.
type Options struct {
	// Attempts is how many there are at most for an answer that is not accepted; 1 is
	// one pass of the model. 0: DefaultAttempts of the task, of which none begins after
	// DefaultRestartTime.
	Attempts    int
	MaxSegments int          // of an attempt; 0: the model's own
	Halt        runtime.Halt // the zero value: the halting head says when
	// NoCheck lets the halting head decide whether an answer is accepted. Otherwise the
	// rules of the task do, where it has rules.
	NoCheck bool
	// Anyway asks the model about puzzles that have no answer, or several, too.
	// Otherwise they are refused before it is asked.
	Anyway bool
	Seed   uint64 // of further attempts
	// Votes is in how many forms an ARC model is asked about a test at most; 0: arc.Votes.
	Votes int
	// TimeLimit is for one puzzle, which ends with its best answer so far; 0:
	// DefaultTimeLimit, below 0: none.
	TimeLimit time.Duration
	MaxTokens int // of a puzzle; 0: runtime.DefaultMaxTokens
	// Party shares the lanes fairly with others; nil: first come, first served, and a
	// puzzle keeps its lane for all its attempts.
	Party *Party

	// OnLook is called after every segment, while the puzzle and those beside it wait.
	// The slices of a look are valid during the call. Attempts that run side by side in
	// lanes that are free take turns; Solver.Looks shows one after the other.
	OnLook func(Look)
}

const (
	// DefaultRestartTime is what a puzzle's share of the time may come to before its
	// last attempt begins: a slow model gets fewer.
	DefaultRestartTime = 30 * time.Second
	// DefaultTimeLimit makes a model that solves nothing say so.
	DefaultTimeLimit = time.Minute
)

// DefaultAttempts returns how many attempts a puzzle of a task gets: many where they
// are a search by guessing (see docs/training.md), few where they begin from a
// perturbed start.
func DefaultAttempts(t puzzle.Task) int {
	if _, searches := t.(puzzle.Retrier); searches {
		return 128
	}
	return 8
}

// options returns what the loop needs to know about a puzzle of a task, but for what
// is called back.
func (o *Options) options(t puzzle.Task) runtime.Options {
	r := runtime.Options{
		Halt: o.Halt, MaxSegments: o.MaxSegments, Restarts: o.Attempts - 1, Seed: o.Seed, TimeLimit: max(0, o.TimeLimit),
	}
	if o.Attempts == 0 {
		r.Restarts, r.RestartTime = DefaultAttempts(t)-1, DefaultRestartTime
	}
	if o.TimeLimit == 0 {
		r.TimeLimit = DefaultTimeLimit
	}
	return r
}
