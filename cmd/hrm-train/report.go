package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/train/curve"
)

// logEvery is the time between two lines where there is no terminal.
const logEvery = 10 * time.Second

// reporter tells how training goes: a status line on a terminal, else a plain
// line now and then.
type reporter struct {
	w      io.Writer
	steps  int64
	bar    *progressbar.ProgressBar // nil where there is no terminal
	logged time.Time
}

func newReporter(w io.Writer, steps int64) *reporter {
	r := &reporter{w: w, steps: steps}
	if _, ok := command.Terminal(w); ok {
		r.bar = progressbar.NewOptions64(steps,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetWidth(16),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetRenderBlankState(true),
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

// record shows a record; left is the time until the end.
func (r *reporter) record(m curve.Record, left time.Duration) {
	switch {
	case m.Kind == curve.Eval:
		r.say("step %d: %s", m.Step, describeEval(m))
	case r.bar != nil:
		r.bar.Describe(describeTrain(m, left))
		_ = r.bar.Set64(m.Step)
	case time.Since(r.logged) >= logEvery || m.Step >= r.steps:
		r.logged = time.Now()
		r.say("step %d/%d: %s", m.Step, r.steps, describeTrain(m, left))
	}
}

func describeTrain(m curve.Record, left time.Duration) string {
	return fmt.Sprintf("loss %.3f  cells %.1f%%  exact %.1f%%  %.0f samples/s  %.3f TFLOP/s  %s left",
		m.Loss, 100*m.Accuracy, 100*m.ExactAccuracy, m.SamplesPerSecond, m.TFLOPS, left.Round(time.Second))
}

func describeEval(m curve.Record) string {
	return fmt.Sprintf("validation: %d puzzles, exact %.2f%%, cells %.2f%%, halting head right %.1f%%, %.1f segments",
		m.Puzzles, 100*m.ExactAccuracy, 100*m.Accuracy, 100*m.QHaltAccuracy, m.Segments)
}

// done ends the status line.
func (r *reporter) done() {
	if r.bar != nil {
		_ = r.bar.Exit()
		fmt.Fprintln(r.w)
	}
}

// count shows how many of the things to make there are.
func (r *reporter) count(n int64, what string) {
	switch {
	case r.bar != nil:
		r.bar.Describe(what)
		_ = r.bar.Set64(min(n, r.steps))
	case time.Since(r.logged) >= logEvery:
		r.logged = time.Now()
		r.say("%d/%d %s", n, r.steps, what)
	}
}
