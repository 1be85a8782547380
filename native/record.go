package native

import (
	"encoding/json"
	"errors"
	"math"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ErrDiffers is the verdict on an answer that is not the one that came with
// the puzzle.
var ErrDiffers = errors.New("differs from the answer in the input")

// Verdict says whether an answer is right.
type Verdict struct {
	Known bool
	Err   error // why it is wrong, Known only
}

// Judge checks the answers to a puzzle, of which one must be right: by the rules
// of the task, where they tell, and otherwise against the answer that came with
// the puzzle, if one did.
func Judge(t puzzle.Task, p *puzzle.Puzzle, answers ...[]int32) Verdict {
	rules := puzzle.Judges(t)
	v := Verdict{Known: rules || p.Answer != nil}
	for i, answer := range answers {
		var err error
		if rules {
			err = t.Check(p.Question, answer)
		} else if p.Answer != nil && !puzzle.Same(t, p.Answer, answer) {
			err = ErrDiffers
		}
		if i == 0 || err == nil {
			v.Err = err
		}
	}
	return v
}

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
	ElapsedMS     float64 `json:"elapsed_ms"`
	TimedOut      bool    `json:"timed_out,omitempty"` // a time limit ended it
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

// NewRecord returns the record of a result.
func NewRecord(t puzzle.Task, p *puzzle.Puzzle, r *runtime.Result, v Verdict) Record {
	rec := Record{Name: p.Name, Rows: p.Rows, Cols: p.Cols}
	t = p.Of(t)
	if p.Question != nil {
		rec.Question = t.Decode(p.Question)
	}
	if r.Err != nil {
		rec.Error = r.Err.Error()
		return rec
	}
	rec.Solution = &Solution{
		Answer: t.Decode(r.Tokens), Segments: r.Segments, Halted: r.Halted,
		QHalt: Number(r.QHalt), QContinue: Number(r.QContinue), Attempts: r.Attempts, TotalSegments: r.TotalSegments,
		ElapsedMS: float64(r.Elapsed.Microseconds()) / 1000, TimedOut: r.TimedOut,
	}
	if path, ok := t.(puzzle.Pathfinder); ok {
		if steps, shortest := path.Path(p.Question, r.Tokens); steps > 0 {
			rec.Length, rec.Shortest = steps, &shortest
		}
	}
	if v.Known {
		valid := v.Err == nil
		rec.Valid = &valid
	}
	if v.Err != nil {
		rec.Reason = v.Err.Error()
	}
	return rec
}
