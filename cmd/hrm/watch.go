package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// frameTime is how long each segment stays on a terminal at least.
const frameTime = 150 * time.Millisecond

// screen draws pictures one over the other on a terminal, and one below the
// other anywhere else.
type screen struct {
	out             io.Writer
	terminal, color bool
	height          int    // of the terminal
	lines           int    // of the picture to draw over
	last            string // its last line
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
	s.lines, s.last = len(lines), lines[len(lines)-1]
}

// watch solves one puzzle after the other and draws every segment.
func (t *tally) watch(ctx context.Context, items inputSeq, out, errOut io.Writer) error {
	print := newPrinter(t.loaded, out, errOut, false)
	for o := range numbered(items) {
		s := newScreen(out)
		t.watchOne(ctx, o, s)
		r := &o.result
		if errors.Is(r.Err, runtime.ErrStopped) && ctx.Err() == nil {
			return r.Err
		}
		t.count(o)
		switch {
		case s.lines > 0 && r.Text != "":
			fmt.Fprintf(out, "%s\n\n", fit(out, o.where+": "+story(r)))
		case !errors.Is(r.Err, runtime.ErrStopped):
			print(o)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return ctx.Err()
}

func (t *tally) watchOne(ctx context.Context, o *outcome, s *screen) {
	if o.result.Puzzle, o.result.Err = o.Puzzle, o.err; o.err != nil {
		return
	}
	var p picture
	for look, err := range t.with(t.options).LooksAt(ctx, &o.Puzzle) {
		if look.Answer != nil {
			o.result = *look.Answer
		}
		if err != nil {
			return
		}
		began := time.Now()
		before := p
		p = t.picture(o, &look)
		if look.Segment > 1 {
			p.before, _, _ = before.look(o.Of(t.task))
		}
		s.show(t.frame(o, &look, p, s))
		s.hold(ctx, frameTime-time.Since(began))
	}
	t.light(ctx, o, p, s)
}

// picture is what one segment looks like.
func (t *tally) picture(o *outcome, k *solver.Look) picture {
	return picture{
		tokens: slices.Clone(k.Tokens), given: o.Question, sure: slices.Clone(k.Confidence), final: k.Done,
		wrong: k.Done && !solver.Accepts(o.Of(t.task), o.Question, k.Tokens),
	}
}

// frame returns the picture of one segment and a line about it.
func (t *tally) frame(oc *outcome, e *solver.Look, p picture, s *screen) []string {
	_, changed, clashing := p.look(oc.Of(t.task))
	status := fmt.Sprintf("attempt %d  segment %d  sure %.0f %%", e.Attempt+1, e.Segment, 100*p.mean())
	if p.before != nil {
		status += fmt.Sprintf("  changed %d", changed)
	}
	if clashing > 0 {
		status += fmt.Sprintf("  clashing %d", clashing)
	}
	status += fmt.Sprintf("  q_halt %+.2f", e.QHalt)
	if t.model.Config.Rule() == runtime.HaltOverContinue {
		status += fmt.Sprintf("  q_continue %+.2f", e.QContinue)
	}
	if _, isPath := t.task.(puzzle.Pathfinder); isPath && s.terminal {
		p.lit = make([]bool, len(p.tokens)) // light follows
	}
	return append(draw(oc.Of(t.task), p, s.color), paint(s.color, "2", status))
}

// lightTime is how long a path takes to be lit on a terminal, and lightFrames in how
// many pictures.
const (
	lightTime   = time.Second
	lightFrames = 20
)

// light lights the path of an answer on a terminal, from its start to its goal.
func (t *tally) light(ctx context.Context, oc *outcome, last picture, s *screen) {
	task := oc.Of(t.task)
	path, ok := task.(puzzle.Pathfinder)
	if !ok || !s.terminal || s.lines == 0 {
		return
	}
	answer := oc.result.Tokens
	if last.sure = nil; !slices.Equal(puzzle.Answer(task, oc.Question, last.tokens), answer) {
		last.tokens = answer // of an earlier attempt
	}
	last.final, last.before, last.wrong = true, nil, task.Check(oc.Question, answer) != nil
	status := s.last
	route := path.Route(oc.Question, answer)
	for k := 1; k < lightFrames && len(route) > 0 && s.lines < s.height && ctx.Err() == nil; k++ {
		last.lit = make([]bool, len(answer))
		for _, cell := range route[:len(route)*k/lightFrames] {
			last.lit[cell] = true
		}
		s.show(append(draw(task, last, s.color), status))
		s.hold(ctx, lightTime/lightFrames)
	}
	last.lit = nil
	s.show(append(draw(task, last, s.color), status))
}

// hold keeps a picture on a terminal for a time, but not longer than the context lives.
func (s *screen) hold(ctx context.Context, d time.Duration) {
	if !s.terminal {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
