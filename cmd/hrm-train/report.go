package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/train/curve"
)

// logEvery is the time between two lines where there is no terminal, barEvery that
// between two states of the line on one.
const (
	logEvery = 10 * time.Second
	barEvery = 200 * time.Millisecond
)

// reporter tells how work goes: a status line on a terminal, else a plain line now
// and then. Its lines fit 80 columns.
type reporter struct {
	w      io.Writer
	bar    *progressbar.ProgressBar // nil where there is no terminal
	logged time.Time                // when the state was shown last
}

// barSteps is what the whole of a bar is divided into.
const barSteps = 1000

func newReporter(w io.Writer) *reporter {
	r := &reporter{w: w}
	if _, ok := command.Terminal(w); ok {
		r.bar = progressbar.NewOptions(barSteps,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetWidth(10),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
		)
	}
	return r
}

// say prints a line.
func (r *reporter) say(format string, args ...any) {
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	fmt.Fprintf(r.w, format+"\n", args...)
}

// warn prints a line about what is probably not meant.
func (r *reporter) warn(text string) { r.say("warning: %s", text) }

// state shows how far the work is, a share of 1.
func (r *reporter) state(share float64, format string, args ...any) {
	every := logEvery
	if r.bar != nil {
		every = barEvery
	}
	if time.Since(r.logged) < every && share < 1 {
		return
	}
	r.logged = time.Now()
	text := fmt.Sprintf(format, args...)
	if r.bar == nil {
		r.say("%3.0f %%  %s", 100*share, text)
		return
	}
	r.bar.Describe(text)
	_ = r.bar.Set(min(int(share*barSteps), barSteps-1)) // a full bar could not be cleared
}

// done ends the status line.
func (r *reporter) done() {
	if r.bar != nil {
		_ = r.bar.Clear()
		_ = r.bar.Exit()
	}
}

// count shows how many of the things to make there are.
func (r *reporter) count(n, of int, what string) {
	r.state(float64(min(n, of))/float64(max(1, of)), "%s of %s %s", command.Thousands(int64(n)), command.Thousands(int64(of)), what)
}

func describeTrain(m curve.Record, left time.Duration) string {
	return fmt.Sprintf("step %s  loss %.3f  cells %s  exact %s  %s left", command.Thousands(m.Step), m.Loss,
		share(m.Accuracy, m.Puzzles, 0), share(m.ExactAccuracy, m.Puzzles, 0), short(left))
}

// onSet puts what was measured behind what it was measured on, whose name is cut to
// the 80 columns of a terminal.
func onSet(what string, m curve.Record) string {
	text := describeEval(m)
	room := 80 - utf8.RuneCountInString(what+" : "+text)
	return fmt.Sprintf("%s %s: %s", what, clip(m.Set, max(4, room)), text)
}

func describeEval(m curve.Record) string {
	return fmt.Sprintf("exact %s  cells %s  loss %.3f  %.1f segments", share(m.ExactAccuracy, m.Puzzles, 2), share(m.Accuracy, m.Puzzles, 2), m.Loss, m.Segments)
}

// puzzles counts them in words.
func puzzles(n int) string {
	if n == 1 {
		return "1 puzzle"
	}
	return command.Thousands(int64(n)) + " puzzles"
}

// share is a share of n puzzles in percent, a dash where there are none.
func share(x float64, n, digits int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*f %%", digits, 100*x)
}

// short is a duration in its two largest units: 1h20m, 4m10s, 45s.
func short(d time.Duration) string {
	if d >= time.Hour {
		d = d.Round(time.Minute)
		return strings.TrimSuffix(d.String(), "0s")
	}
	return d.Round(time.Second).String()
}

// clip shortens text to so many characters.
func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
