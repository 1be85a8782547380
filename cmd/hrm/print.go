package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// printer prints one outcome.
type printer func(*outcome, native.Verdict)

// maxLineRows is the rows of the largest grid that goes into one line of a file.
const maxLineRows = 16

// newPrinter returns the printer of JSON lines or of text.
func newPrinter(l *loaded, out, errOut io.Writer, asJSON bool) printer {
	if asJSON {
		encoder := json.NewEncoder(out)
		return func(o *outcome, v native.Verdict) { _ = encoder.Encode(newRecord(l.task, o, v)) }
	}
	rows, _ := l.task.Size()
	pretty, color := isTerminal(out) || rows > maxLineRows, wantsColor(out)
	return func(o *outcome, v native.Verdict) {
		task := o.Of(l.task)
		switch {
		case errors.Is(o.result.Err, puzzle.ErrUnsolvable) && pretty:
			p := picture{tokens: o.Question, given: o.Question}
			fmt.Fprintf(out, "%s\n%s: %s\n", strings.Join(draw(task, p, color), "\n"), o.where, refusal(o.result.Err))
		case errors.Is(o.result.Err, puzzle.ErrUnsolvable):
			fmt.Fprintf(out, "%s  %s\n", task.Decode(o.Question), refusal(o.result.Err))
		case o.result.Err != nil:
			fmt.Fprintln(errOut, "hrm:", o.because(o.result.Err))
		case pretty:
			p := picture{tokens: o.result.Tokens, given: o.Question}
			fmt.Fprintln(out, strings.Join(draw(task, p, color), "\n"))
			if o.second != nil {
				p.tokens = o.second
				fmt.Fprintf(out, "or\n%s\n", strings.Join(draw(task, p, color), "\n"))
			}
			fmt.Fprintf(out, "%s: %s\n", o.where, story(&o.result, v))
		default:
			fmt.Fprintf(out, "%s  %s\n", task.Decode(o.result.Tokens), story(&o.result, v))
		}
	}
}

// refusal says that the model was not asked.
func refusal(err error) string {
	return fmt.Sprintf("not solved: %s (--anyway lets the model try)", strings.TrimPrefix(err.Error(), puzzle.ErrUnsolvable.Error()+": "))
}

// story tells in one line how a puzzle ended.
func story(r *runtime.Result, v native.Verdict) string {
	var s string
	switch {
	case v.Err != nil:
		s = fmt.Sprintf("not solved: %s;", strings.TrimPrefix(v.Err.Error(), puzzle.ErrWrong.Error()+": "))
	case !v.Known && r.Halted:
		s = "answered"
	case !v.Known:
		s = "not sure"
	default:
		s = "solved"
	}
	s += fmt.Sprintf(" in %s", count(r.Segments, "segment"))
	switch qh, qc := float64(r.QHalt), float64(r.QContinue); {
	case math.IsNaN(qh) || math.IsInf(qh, 0) || math.IsNaN(qc) || math.IsInf(qc, 0):
		s += fmt.Sprintf(" (its halting values are %v and %v, no numbers: what the model says of itself is worthless)", qh, qc)
	case !r.Halted:
		s += " (did not halt)"
	}
	if r.Attempts > 1 {
		s += fmt.Sprintf(", %d attempts", r.Attempts)
	}
	s += fmt.Sprintf(", %v", round(r.Elapsed))
	if r.TimedOut {
		s += ", the --time-limit"
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// newRecord returns the JSON form of an outcome.
func newRecord(t puzzle.Task, o *outcome, v native.Verdict) native.Record {
	rec := native.NewRecord(t, &o.Puzzle, &o.result, v)
	rec.Index, rec.Where = o.index, o.where
	if o.second != nil {
		rec.Second = t.Decode(o.second)
	}
	return rec
}
