package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// errDiffers is the verdict on an answer that obeys the rules but is not the
// one that came with the puzzle.
var errDiffers = errors.New("differs from the answer in the input")

// judge checks an answer. A sudoku or maze is known to be right or wrong by
// its rules; an ARC grid only where its answer is known.
func judge(task puzzle.Task, o *outcome) verdict {
	answer := o.result.Tokens
	switch {
	case task.Name() != "arc":
		return verdict{known: true, err: task.Check(o.Question, answer)}
	case o.Answer == nil:
		return verdict{}
	case sameGrid(o.Answer, answer) || o.second != nil && sameGrid(o.Answer, o.second):
		return verdict{known: true}
	}
	return verdict{known: true, err: errDiffers}
}

// sameGrid reports whether two canvases hold the same grid.
func sameGrid(a, b []int32) bool { return puzzle.Crop(a, 0, 0).Equal(puzzle.Crop(b, 0, 0)) }

// printer prints one outcome.
type printer func(*outcome, verdict)

// newPrinter returns the printer of JSON lines or of text.
func newPrinter(l *loaded, out, errOut io.Writer, asJSON bool) printer {
	if asJSON {
		encoder := json.NewEncoder(out)
		return func(o *outcome, v verdict) { _ = encoder.Encode(newRecord(l.task, o, v)) }
	}
	pretty, color := isTerminal(out) || l.task.Name() != "sudoku", wantsColor(out)
	return func(o *outcome, v verdict) {
		switch {
		case o.result.Err != nil:
			fmt.Fprintln(errOut, "hrm:", o.problem())
		case pretty:
			p := picture{tokens: o.result.Tokens, given: o.Question}
			fmt.Fprintln(out, strings.Join(draw(l.task, p, color), "\n"))
			if o.second != nil {
				p.tokens = o.second
				fmt.Fprintf(out, "or\n%s\n", strings.Join(draw(l.task, p, color), "\n"))
			}
			fmt.Fprintf(out, "%s: %s\n", o.where, story(&o.result, v))
		default:
			fmt.Fprintf(out, "%s  %s\n", l.task.Decode(o.result.Tokens), story(&o.result, v))
		}
	}
}

// problem says where and why there is no answer.
func (o *outcome) problem() string {
	return fmt.Sprintf("%s: %v", o.where, o.result.Err)
}

// story tells in one line how a puzzle ended.
func story(r *runtime.Result, v verdict) string {
	var s string
	switch {
	case v.err != nil:
		s = fmt.Sprintf("not solved: %s;", strings.TrimPrefix(v.err.Error(), puzzle.ErrWrong.Error()+": "))
	case !v.known && r.Halted:
		s = "answered"
	case !v.known:
		s = "not sure"
	default:
		s = "solved"
	}
	s += fmt.Sprintf(" in %s", count(r.Segments, "segment"))
	if !r.Halted {
		s += " (did not halt)"
	}
	if r.Attempts > 1 {
		s += fmt.Sprintf(", %d attempts", r.Attempts)
	}
	return s + fmt.Sprintf(", %v", round(r.Elapsed))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// record is the JSON form of an outcome, documented in the help of solve.
type record struct {
	Index    int    `json:"index"`
	Where    string `json:"where"`
	Name     string `json:"name,omitempty"`
	Question string `json:"question,omitempty"`
	*Solution
	Error string `json:"error,omitempty"`
}

// Solution is what a record holds when there is an answer.
type Solution struct {
	Answer        string  `json:"answer"`
	Second        string  `json:"second_answer,omitempty"`
	Valid         *bool   `json:"valid,omitempty"`
	Reason        string  `json:"reason,omitempty"`
	Segments      int     `json:"segments"`
	Halted        bool    `json:"halted"`
	QHalt         float32 `json:"q_halt"`
	QContinue     float32 `json:"q_continue"`
	Attempts      int     `json:"attempts"`
	TotalSegments int     `json:"total_segments"`
	ElapsedMS     float64 `json:"elapsed_ms"`
}

func newRecord(task puzzle.Task, o *outcome, v verdict) record {
	rec := record{Index: o.index, Where: o.where, Name: o.Name}
	r := &o.result
	if r.Err != nil {
		rec.Error = r.Err.Error()
		return rec
	}
	rec.Question = task.Decode(o.Question)
	rec.Solution = &Solution{
		Answer: task.Decode(r.Tokens), Segments: r.Segments, Halted: r.Halted,
		QHalt: r.QHalt, QContinue: r.QContinue, Attempts: r.Attempts, TotalSegments: r.TotalSegments,
		ElapsedMS: float64(r.Elapsed.Microseconds()) / 1000,
	}
	if o.second != nil {
		rec.Second = task.Decode(o.second)
	}
	if v.known {
		valid := v.err == nil
		rec.Valid = &valid
	}
	if v.err != nil {
		rec.Reason = v.err.Error()
	}
	return rec
}
