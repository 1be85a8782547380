// Package abi is what a host and the plugin say to each other: msgpack
// messages in the guest's memory.
//
// The plugin exports three functions:
//
//	hrm_abi() i32            the oldest Version of the messages that it answers
//	hrm_abi_newest() i32     the newest; without this export the same
//	hrm_buffer(size i32) i32 the address of memory for a request of size bytes; 0: too large
//	hrm_call(size i32) i64   reads the request, returns address<<32 | size of the reply
//
// The reply is valid until the next call. The guest handles one call at a time.
//
// A message is a map with string keys. Absent keys mean zero; an unknown key, a
// key that comes twice, a nil or a value of another kind is an error. So a guest
// puts nothing into a reply that the version of its request does not have, and a
// host sends nothing that the guest does not know.
package abi

import (
	"errors"
	"fmt"
)

// Versions of the messages. The second adds Options.Anyway, and the rows and columns
// of puzzles, results and models; the third Options.Attempts, which is counted as
// restarts before and has no default there, and what a result says of its first attempt
// and of time.
const (
	Version = 1
	Newest  = 3
)

// The names of the exports.
const (
	ExportVersion = "hrm_abi"
	ExportNewest  = "hrm_abi_newest"
	ExportBuffer  = "hrm_buffer"
	ExportCall    = "hrm_call"
)

// Limits of a message.
const (
	MaxRequest = 1 << 30 // bytes: a model is part of one
	MaxReply   = 64 << 20
	MaxPuzzles = 1 << 16 // of one request
)

var (
	// ErrFormat is wrapped by the error about a message that is not what
	// this package describes.
	ErrFormat = errors.New("invalid message")
	// ErrTruncated is wrapped when a message ends too early.
	ErrTruncated = errors.New("message ends too early")
)

// Op says what a request asks for.
type Op string

const (
	OpOpen  Op = "open"  // use Model from now on
	OpInfo  Op = "info"  // describe the model in use
	OpSolve Op = "solve" // answer Puzzles
)

// Request is what the host sends.
type Request struct {
	Version int // of the messages; 0: Version
	Op      Op
	Model   []byte   // open: a .hrm file; empty: the embedded model
	Task    string   // open: what the model must solve; "": anything
	Puzzles []Puzzle // solve
	Options          // solve

	restarts int // what is sent for Attempts before version 3
}

// Options say how long and how often to think about a puzzle.
type Options struct {
	MaxSegments int    // of an attempt; 0: the model's own
	Attempts    int    // at most, for an answer that is not accepted; 0: the task's default, 1: one pass
	NoCheck     bool   // the halting head decides about that, not the rules of the task
	Seed        uint64 // of further attempts
	Anyway      bool   // ask the model about puzzles that have no answer, or several, too
}

// Puzzle is a question: text as hrm solve reads it, or the tokens of the model.
type Puzzle struct {
	Text   string
	Tokens []int32 // instead of Text
	Rows   int     // of the grid of tokens or of one line; 0: the model's own
	Cols   int
	ID     int32 // row of the model's puzzle table
}

// Reply is what the guest answers: Error, or what the request asked for.
type Reply struct {
	Error   *Error
	Info    *Info    // open, info
	Results []Result // solve: one for each puzzle, in their order
}

// Kind is a class of errors.
type Kind string

const (
	KindMessage  Kind = "message"   // the request could not be read
	KindModel    Kind = "model"     // the .hrm file is damaged, or for another task
	KindPuzzle   Kind = "puzzle"    // the text is no puzzle of the model's task
	KindNoAnswer Kind = "no answer" // the puzzle has no answer, or several
	KindOptions  Kind = "options"   // an option is out of range
	KindFailed   Kind = "failed"    // the solver failed
)

// Error is an error that the guest reports.
type Error struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Info describes the model in use.
type Info struct {
	Task        string            `json:"task"`
	Backend     string            `json:"backend"` // "cpu/simd128 int8"; "cpu/generic" without the SIMD kernels
	SeqLen      int               `json:"seq_len"`
	Rows        int               `json:"rows,omitempty"` // of the model's own grid
	Cols        int               `json:"cols,omitempty"`
	AnyShape    bool              `json:"any_shape,omitempty"` // puzzles may have other grids
	Vocab       int               `json:"vocab"`
	MaxSegments int               `json:"max_segments"` // of an attempt, by default
	Meta        map[string]string `json:"meta"`         // the model's own words about itself
}

// Result is what came of a puzzle: an answer or an Error.
type Result struct {
	Error         *Error  `json:"error,omitempty"`
	Answer        string  `json:"answer,omitempty"`
	Tokens        []int32 `json:"-"`
	Rows          int     `json:"rows,omitempty"` // of the answer
	Cols          int     `json:"cols,omitempty"`
	Known         bool    `json:"-"`                // the task has rules to judge by: sudoku and maze
	Reason        string  `json:"reason,omitempty"` // why the answer is wrong, Known only
	Segments      int     `json:"segments"`
	Halted        bool    `json:"halted"`
	QHalt         float32 `json:"q_halt"`
	QContinue     float32 `json:"q_continue"`
	Attempts      int     `json:"attempts"`
	TotalSegments int     `json:"total_segments"`
	FirstSegments int     `json:"first_pass_segments"` // of the first attempt, one pass without a guess
	FirstValid    bool    `json:"first_pass_valid"`    // its answer, Known only
	TimedOut      bool    `json:"timed_out,omitempty"` // there would have been more attempts
}

// Valid reports whether the answer obeys the rules of its task.
func (r *Result) Valid() bool { return r.Error == nil && r.Known && r.Reason == "" }

// Needs returns the version of the messages in which the request can be said.
func (r *Request) Needs() int {
	if r.Anyway {
		return 2
	}
	for i := range r.Puzzles {
		if r.Puzzles[i].Rows != 0 || r.Puzzles[i].Cols != 0 {
			return 2
		}
	}
	return Version
}

// Since drops what a version of the messages does not have.
func (r *Reply) Since(version int) {
	if i := r.Info; i != nil && version < 2 {
		i.Rows, i.Cols, i.AnyShape = 0, 0, false
	}
	for i := range r.Results {
		x := &r.Results[i]
		if version < 3 {
			x.FirstSegments, x.FirstValid, x.TimedOut = 0, false, false
		}
		if version < 2 {
			x.Rows, x.Cols = 0, 0
		}
	}
}

// oldRestarts is what an older guest is asked for where nobody says.
const oldRestarts = 7

// toWire puts the attempts where the version of the request has them.
func (r *Request) toWire() *Request {
	if r.Version >= 3 || r.Op != OpSolve && r.Attempts == 0 {
		return r
	}
	old := *r
	switch old.Attempts = 0; {
	case r.Attempts == 0:
		old.restarts = oldRestarts
	case r.Attempts > 0:
		old.restarts = r.Attempts - 1
	default:
		old.restarts = r.Attempts
	}
	return &old
}

// fromWire is the inverse of toWire.
func (r *Request) fromWire() error {
	switch {
	case r.Version >= 3 && r.restarts != 0:
		return fmt.Errorf("abi: %w: restarts in version %d, want attempts", ErrFormat, r.Version)
	case r.Version >= 3:
		return nil
	case r.Attempts != 0:
		return fmt.Errorf("abi: %w: attempts in version %d, want restarts", ErrFormat, r.Version)
	case r.restarts < 0:
		r.Attempts, r.restarts = r.restarts, 0
	case r.restarts > 0 || r.Op == OpSolve:
		r.Attempts, r.restarts = r.restarts+1, 0
	}
	return nil
}
