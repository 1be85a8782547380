package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/hrmgo/hrm/internal/command"
)

// isTerminal reports whether w is a terminal that a person looks at.
func isTerminal(w io.Writer) bool {
	_, ok := command.Terminal(w)
	return ok
}

// wantsColor follows https://no-color.org.
func wantsColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == ""
}

// progress is a bar on a terminal, which is gone when the work ends; elsewhere it is
// nothing.
type progress struct {
	bar     *progressbar.ProgressBar
	done, n int
	unit    string
	began   time.Time
}

// newProgress returns the progress of n things; of -1 that unit is under way.
func newProgress(w io.Writer, n int, unit string) *progress {
	p := &progress{n: n, unit: unit, began: time.Now()}
	p.bar = progressbar.NewOptions(n,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(isTerminal(w)),
		progressbar.OptionSetDescription(p.describe("", 0)),
		progressbar.OptionSetWidth(16),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	return p
}

// next counts one thing, and may say more.
func (p *progress) next(more string) {
	p.done++
	if !p.bar.IsFinished() {
		p.bar.Describe(p.describe(more, time.Since(p.began)))
		_ = p.bar.Add(1)
	}
}

// describe says in words what the bar shows, and after a second how long it takes.
func (p *progress) describe(more string, elapsed time.Duration) string {
	if p.n < 0 {
		return p.unit
	}
	text := fmt.Sprintf("%s of %s %s", thousands(int64(p.done)), thousands(int64(p.n)), p.unit)
	if more != "" {
		text += ", " + more
	}
	if elapsed > time.Second && p.done > 0 {
		left := elapsed / time.Duration(p.done) * time.Duration(p.n-p.done)
		text += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return text
}

func (p *progress) end() { _ = p.bar.Finish() }
