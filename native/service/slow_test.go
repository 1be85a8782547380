package service

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// slow is a backend that takes a time for a segment and never halts, but for puzzles of
// 25 clues or more, at the first segment.
type slow struct {
	config  runtime.Config
	segment time.Duration
	clues   []int
}

func (b *slow) Name() string            { return "slow" }
func (b *slow) Config() *runtime.Config { return &b.config }
func (b *slow) Close() error            { return nil }
func (b *slow) NewBatch(lanes, _ int) (runtime.Batch, error) {
	b.clues = make([]int, lanes)
	return b, nil
}

func (b *slow) Reset(lane int, in runtime.Input) error {
	b.clues[lane] = 0
	for _, token := range in.Tokens {
		if token > 1 {
			b.clues[lane]++
		}
	}
	return nil
}

func (b *slow) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	time.Sleep(b.segment)
	out.Resize(len(lanes), 0, &b.config)
	for i := range out.Tokens {
		out.Tokens[i] = 2
	}
	for i := range out.Logits {
		out.Logits[i] = 0
	}
	for k, lane := range lanes {
		out.QHalt[k], out.QContinue[k] = -1, 1
		if b.clues[lane] >= 25 {
			out.QHalt[k], out.QContinue[k] = 1, -1
		}
	}
	return ctx.Err()
}

// hard is a puzzle that slow never solves.
const hard = "4" + "................................................................................"

func slowServer(t *testing.T, segment time.Duration, lanes int, o Options) *Server {
	t.Helper()
	b := &slow{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 4}, segment: segment}
	s := solver.New(b, puzzle.Sudoku{}, lanes)
	t.Cleanup(func() { s.Close() })
	return newServer(t, s.With(solver.Options{Anyway: true, Attempts: 1 << 20, TimeLimit: -1}), o)
}

// request asks a handler and returns what it said.
func request(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", mediaJSON)
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// waitIdle expects that nothing is left of any request, soon.
func waitIdle(t *testing.T, s *Server) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for {
		busy, waits := 0, s.queue.length()
		s.models.each(func(m *model) { busy, _ = m.solver.Lanes() })
		if busy == 0 && waits == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d lanes are in use, %d puzzles wait", busy, waits)
		}
		time.Sleep(time.Millisecond)
	}
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	if len(s.queue.clients) > 0 {
		t.Errorf("left in the queue: %v", s.queue.clients)
	}
}
