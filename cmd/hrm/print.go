package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"golang.org/x/term"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/arc"
	arcpicture "github.com/hrmgo/hrm/runtime/arc/picture"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// printer prints one outcome.
type printer func(*outcome)

// maxLineRows is the rows of the largest grid that goes into one line of a file.
const maxLineRows = 16

// newPrinter returns the printer of JSON lines or of text.
func newPrinter(l *loaded, out, errOut io.Writer, asJSON bool) printer {
	if asJSON {
		encoder := json.NewEncoder(out)
		return func(o *outcome) { _ = encoder.Encode(newRecord(l.task, o)) }
	}
	rows, _ := l.task.Size()
	pretty, color := isTerminal(out) || rows > maxLineRows, wantsColor(out)
	return func(o *outcome) {
		task := o.Of(l.task)
		switch {
		case errors.Is(o.result.Err, puzzle.ErrUnsolvable) && pretty:
			p := picture{tokens: o.Question, given: o.Question}
			fmt.Fprintf(out, "%s\n%s\n", strings.Join(draw(task, p, color), "\n"), fit(out, o.where+": "+refusal(o.result.Err)))
		case errors.Is(o.result.Err, puzzle.ErrUnsolvable):
			fmt.Fprintf(out, "%s  %s\n", task.Decode(o.Question), refusal(o.result.Err))
		case o.result.Err != nil && !o.result.Unfinished:
			fmt.Fprintln(errOut, "hrm:", o.because(o.result.Err, l.task))
		case pretty && o.result.Vote != nil:
			_ = arcpicture.Text(out, o.Task, []arc.Result{*o.result.Vote}, color)
			fmt.Fprintln(out, fit(out, o.where+": "+story(&o.result)))
		case pretty:
			p := picture{tokens: o.result.Tokens, given: o.Question, final: true, wrong: o.result.Why != nil}
			fmt.Fprintln(out, strings.Join(draw(task, p, color), "\n"))
			fmt.Fprintln(out, fit(out, o.where+": "+story(&o.result)))
		default:
			fmt.Fprintf(out, "%s  %s\n", task.Decode(o.result.Tokens), story(&o.result))
		}
	}
}

// fit breaks a line between words where a terminal would break it anywhere.
func fit(out io.Writer, text string) string {
	width := 0
	if f, ok := command.Terminal(out); ok {
		width, _, _ = term.GetSize(int(f.Fd()))
	}
	if width < 20 {
		return text
	}
	return strings.Join(wrap(text, width), "\n")
}

// refusal says that the model was not asked.
func refusal(err error) string {
	return fmt.Sprintf("not solved: %s (--anyway lets the model try)", strings.TrimPrefix(err.Error(), puzzle.ErrUnsolvable.Error()+": "))
}

// story tells in one line how a puzzle ended: what the first pass came to, and what
// guesses, or other attempts, did.
func story(a *solver.Answer) string {
	var s string
	switch {
	case a.Why != nil:
		s = fmt.Sprintf("not solved: %s;", strings.TrimPrefix(a.Why.Error(), puzzle.ErrWrong.Error()+": "))
	case !a.Known && a.Halted:
		s = "answered"
	case !a.Known:
		s = "not sure"
	default:
		s = "solved"
	}
	if a.Unfinished {
		s = "unfinished, " + s
	}
	s += fmt.Sprintf(" in %s", count(a.Segments, "segment"))
	switch qh, qc := float64(a.QHalt), float64(a.QContinue); {
	case math.IsNaN(qh) || math.IsInf(qh, 0) || math.IsNaN(qc) || math.IsInf(qc, 0):
		s += fmt.Sprintf(" (its halting values are %v and %v, no numbers: what the model says of itself is worthless)", qh, qc)
	case !a.Halted:
		s += " (did not halt)"
	}
	if a.Attempts > 1 {
		how := fmt.Sprintf("by attempt %d", a.Attempts)
		if a.Why != nil || !a.Known && !a.Halted {
			how = fmt.Sprintf("the best of %d attempts", a.Attempts)
		}
		s += fmt.Sprintf(", %s (%s in all)", how, count(a.TotalSegments, "segment"))
	}
	s += fmt.Sprintf(", %v", round(a.Elapsed))
	if a.TimedOut {
		s += ", the time limit"
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
func newRecord(t puzzle.Task, o *outcome) record.Record {
	rec := record.New(t, &o.result)
	rec.Index, rec.Where = o.index, o.where
	return rec
}
