package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hrmgo/hrm/solver"
)

// live is a line on a terminal about the puzzle that is thought about longest, from
// half a second on. A nil live is silent.
type live struct {
	out   io.Writer
	limit int // attempts at most

	mu       sync.Mutex
	thinking []*thought // in the order in which they began
	shown    bool
	stop     chan struct{}
}

// thought is a puzzle under way.
type thought struct {
	index            int
	began            time.Time
	attempt, segment int
	sure             float32
}

const (
	patience = 500 * time.Millisecond // without a sign of life
	refresh  = 100 * time.Millisecond
)

// newLive returns nil where out is no terminal.
func newLive(out io.Writer, attempts int) *live {
	if !isTerminal(out) {
		return nil
	}
	return &live{out: out, limit: attempts}
}

// start shows the line from time to time until end.
func (l *live) start() {
	if l == nil {
		return
	}
	l.stop = make(chan struct{})
	go func() {
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.mu.Lock()
				l.show(time.Now())
				l.mu.Unlock()
			case <-l.stop:
				return
			}
		}
	}()
}

func (l *live) end() {
	if l != nil {
		close(l.stop)
		l.print(func() {})
	}
}

// print clears the line for what f prints.
func (l *live) print(f func()) {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.clear()
	}
	f()
}

func (l *live) clear() {
	if l.shown {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.shown = false
	}
}

// puzzle returns what a puzzle calls after every segment and when it ends.
func (l *live) puzzle(o *outcome) (look func(solver.Look), done func()) {
	if l == nil {
		return nil, func() {}
	}
	t := &thought{index: o.index, began: time.Now()}
	l.mu.Lock()
	l.thinking = append(l.thinking, t)
	l.mu.Unlock()
	look = func(k solver.Look) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.Attempt+1 >= t.attempt { // the newest of those side by side
			t.attempt, t.segment, t.sure = k.Attempt+1, k.Segment, k.Sure()
		}
	}
	return look, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, other := range l.thinking {
			if other == t {
				l.thinking = append(l.thinking[:i], l.thinking[i+1:]...)
				break
			}
		}
	}
}

// show writes the line.
func (l *live) show(now time.Time) {
	if len(l.thinking) == 0 || now.Sub(l.thinking[0].began) < patience {
		l.clear()
		return
	}
	t := l.thinking[0]
	fmt.Fprintf(l.out, "\r%s\x1b[K", t.line(now, l.limit))
	l.shown = true
}

func (t *thought) line(now time.Time, limit int) string {
	s := fmt.Sprintf("puzzle %d: thinking for %.1f s", t.index+1, now.Sub(t.began).Seconds())
	if t.segment == 0 {
		return s
	}
	return fmt.Sprintf("%s, attempt %d of %d at most, segment %d, %.0f %% sure", s, t.attempt, limit, t.segment, 100*t.sure)
}
