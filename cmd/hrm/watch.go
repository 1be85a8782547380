package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// frameTime is how long each segment stays on a terminal at least.
const frameTime = 150 * time.Millisecond

// screen draws pictures one over the other on a terminal, and one below the
// other anywhere else.
type screen struct {
	out             io.Writer
	terminal, color bool
	height          int // of the terminal
	lines           int // of the picture to draw over
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, color: wantsColor(out)}
	var file *os.File
	if file, s.terminal = command.Terminal(out); s.terminal {
		_, s.height, _ = term.GetSize(int(file.Fd()))
	}
	return s
}

func (s *screen) show(lines []string) {
	var b strings.Builder
	if s.lines > 0 && s.lines < s.height {
		fmt.Fprintf(&b, "\x1b[%dA", s.lines)
	}
	for _, line := range lines {
		b.WriteString(line)
		if s.terminal {
			b.WriteString("\x1b[K") // to the end of the line
		}
		b.WriteByte('\n')
	}
	if s.terminal {
		b.WriteString("\x1b[J") // what a taller picture left below
	}
	fmt.Fprint(s.out, b.String())
	s.lines = len(lines)
}

// watch solves one puzzle after the other and draws every segment.
func (t *tally) watch(ctx context.Context, items inputSeq, o runtime.Options, out, errOut io.Writer) error {
	o.Lanes, o.WantLogits = 1, true
	index := 0
	if t.votes != nil {
		t.votes.votes = 1 // the task's own form
		items = t.votes.forms(items)
	}
	for it := range items {
		oc := &outcome{item: it, index: index}
		index++
		if oc.result.Err = it.err; it.err == nil && t.examine {
			oc.result.Err = puzzle.Examine(it.Of(t.task), it.Question)
		}
		if oc.result.Err != nil {
			t.count(oc, native.Verdict{})
			newPrinter(t.loaded, out, errOut, false)(oc, native.Verdict{})
			continue
		}
		s := newScreen(out)
		if err := t.watchOne(ctx, oc, o, s); err != nil {
			return err
		}
		v := t.judge(oc)
		t.count(oc, v)
		fmt.Fprintf(out, "%s: %s\n\n", it.where, story(&oc.result, v))
	}
	return ctx.Err()
}

func (t *tally) watchOne(ctx context.Context, oc *outcome, o runtime.Options, s *screen) error {
	o.OnSegment = func(e runtime.Event) {
		began := time.Now()
		s.show(t.frame(oc, &e, o.Restarts > 0, s.color))
		if s.terminal {
			pause(ctx, frameTime-time.Since(began))
		}
	}
	if t.check {
		o.Accept = func(_ int, output []int32) bool { return accepts(t.task, &oc.item, output) }
	}
	results, err := runtime.Solve(ctx, t.backend, []runtime.Input{oc.input()}, o)
	if err == nil {
		oc.result = results[0]
		oc.read(t.task)
	}
	return err
}

// frame returns the picture of one segment and a line about it. A transformed
// puzzle's logits are in another order, so its cells have no sureness.
func (t *tally) frame(oc *outcome, e *runtime.Event, attempts, color bool) []string {
	p := picture{tokens: e.Tokens, given: oc.Question, final: e.Done}
	if e.Attempt == 0 {
		p.sure = sureness(e.Tokens, e.Logits)
	}
	status := fmt.Sprintf("segment %d  sure %3.0f%%  q_halt %+.2f", e.Segment, 100*p.mean(), e.QHalt)
	if t.model.Config.Rule() == runtime.HaltOverContinue {
		status += fmt.Sprintf("  q_continue %+.2f", e.QContinue)
	}
	if attempts {
		status = fmt.Sprintf("attempt %d  %s", e.Attempt+1, status)
	}
	return append(draw(oc.Of(t.task), p, color), paint(color, "2", status))
}

// pause waits, but not longer than the context lives.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
