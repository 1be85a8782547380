// Package record is the JSON form of answers, which hrm solve --json, the service
// and the plugins print.
package record

import (
	"encoding/json"
	"math"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// Record is the JSON form of what came of a puzzle: a Solution or an Error.
type Record struct {
	Index    int    `json:"index"`           // from 0
	Where    string `json:"where,omitempty"` // the puzzle's place in the input
	Name     string `json:"name,omitempty"`  // of an ARC task
	Question string `json:"question,omitempty"`
	Rows     int    `json:"rows,omitempty"` // of a puzzle that brings its size
	Cols     int    `json:"cols,omitempty"`
	*Solution
	Error string `json:"error,omitempty"` // why there is no answer
}

// Solution is the part of a Record that is there when there is an answer.
type Solution struct {
	Answer        string  `json:"answer"`
	Second        string  `json:"second_answer,omitempty"` // ARC allows two
	Valid         *bool   `json:"valid,omitempty"`         // absent when nobody can tell
	Reason        string  `json:"reason,omitempty"`        // why it is not valid
	Length        int     `json:"length,omitempty"`        // steps of the path, of a maze whose answer is one
	Shortest      *bool   `json:"shortest,omitempty"`      // whether there is no shorter one
	Segments      int     `json:"segments"`
	Halted        bool    `json:"halted"`
	QHalt         Number  `json:"q_halt"`
	QContinue     Number  `json:"q_continue"`
	Attempts      int     `json:"attempts"`
	TotalSegments int     `json:"total_segments"`
	FirstValid    *bool   `json:"first_pass_valid,omitempty"` // of the first attempt, one pass without a guess
	FirstSegments int     `json:"first_pass_segments"`
	ElapsedMS     float64 `json:"elapsed_ms"`
	TimedOut      bool    `json:"timed_out,omitempty"`  // a time limit ended it
	Unfinished    bool    `json:"unfinished,omitempty"` // it was interrupted
}

// Number is a float32 whose JSON form is null when it is not a number or infinite,
// for which JSON has no form.
type Number float32

// MarshalJSON writes the number as encoding/json writes a float32.
func (x Number) MarshalJSON() ([]byte, error) {
	if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float32(x))
}

// New returns the record of an answer to a puzzle of a task.
func New(t puzzle.Task, a *solver.Answer) Record {
	p := &a.Puzzle
	rec := Record{Where: p.Where, Name: p.Name, Rows: p.Rows, Cols: p.Cols}
	t = p.Of(t)
	if p.Question != nil {
		rec.Question = t.Decode(p.Question)
	}
	if a.Err != nil && !a.Unfinished {
		rec.Error = a.Err.Error()
		return rec
	}
	rec.Solution = &Solution{
		Answer: a.Text, Segments: a.Segments, Halted: a.Halted,
		QHalt: Number(a.QHalt), QContinue: Number(a.QContinue), Attempts: a.Attempts, TotalSegments: a.TotalSegments,
		FirstSegments: a.First.Segments, ElapsedMS: float64(a.Elapsed.Microseconds()) / 1000, TimedOut: a.TimedOut, Unfinished: a.Unfinished,
	}
	if path, ok := t.(puzzle.Pathfinder); ok {
		if steps, shortest := path.Path(p.Question, a.Tokens); steps > 0 {
			rec.Length, rec.Shortest = steps, &shortest
		}
	}
	if a.Known {
		rec.Valid, rec.FirstValid = &a.Valid, &a.FirstValid
	}
	if a.Vote != nil && len(a.Vote.Attempts) > 1 {
		rec.Second = a.Vote.Attempts[1].Grid.String()
	}
	if a.Why != nil {
		rec.Reason = a.Why.Error()
	}
	return rec
}
