package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/wasm/session"
)

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

func open(t *testing.T, task string) *session.Session {
	t.Helper()
	s, err := session.Open(embedded.Model, task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What a session reports of each segment agrees with its answer, also when an
// attempt saw the puzzle through a symmetry.
func TestSteps(t *testing.T) {
	s := open(t, "sudoku")
	// No answer is accepted: column 9 holds 1 twice.
	question, err := s.Task.Encode(easy[:80] + "1")
	if err != nil {
		t.Fatal(err)
	}
	steps, turned := 0, false
	o := session.Options{MaxSegments: 1, Restarts: 2, Seed: 1}
	o.OnStep = func(e session.Step) {
		steps++
		turned = turned || e.Attempt > 0
		if n := len(e.Guessed); (e.Attempt == 0) != (n == 0) || n > 12 {
			t.Errorf("attempt %d: %d guesses", e.Attempt, n)
		}
		for _, cell := range e.Guessed {
			if question[cell] != 1 {
				t.Errorf("attempt %d: cell %d is guessed, and given", e.Attempt, cell)
			}
		}
		for i, c := range e.Confidence {
			if !(c > 1.0/11 && c <= 1) {
				t.Errorf("cell %d has confidence %v", i, c)
			}
			// A given cell is certain, wherever a symmetry has put it; of the
			// one that contradicts others the model may think otherwise.
			if i != 80 && question[i] > 1 && (c < 0.9 || e.Tokens[i] != question[i]) {
				t.Errorf("attempt %d: given cell %d is %d with confidence %v", e.Attempt, i, e.Tokens[i], c)
			}
		}
	}
	a, err := s.Solve(t.Context(), question, o)
	if err != nil {
		t.Fatal(err)
	}
	if steps != a.TotalSegments || !a.Known || (a.Wrong == nil) != a.Accepted {
		t.Errorf("%d steps, answer %+v", steps, a)
	}
	if a.Attempts != 3 || !turned || a.Accepted {
		t.Errorf("%d attempts, want 3 that are not accepted: %+v", a.Attempts, a)
	}
}

func TestSolves(t *testing.T) {
	s := open(t, "")
	question, err := s.Task.Encode(easy)
	if err != nil {
		t.Fatal(err)
	}
	if s.Parameters != 527_426 {
		t.Errorf("%d parameters", s.Parameters)
	}
	a, err := s.Solve(t.Context(), question, session.Options{Restarts: 7})
	if err != nil || a.Wrong != nil {
		t.Fatalf("%v, %v: %s", err, a.Wrong, s.Task.Decode(a.Tokens))
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.Solve(ctx, question, session.Options{MaxSegments: 100, Restarts: 100, NoCheck: true, OnStep: func(session.Step) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Solve(t.Context(), question[:80], session.Options{}); !errors.Is(err, runtime.ErrInput) {
		t.Errorf("80 tokens: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	data := embedded.Model
	damaged := slices.Clone(data)
	damaged[len(damaged)-1] ^= 1
	for name, c := range map[string]struct {
		data []byte
		task string
		want error
	}{
		"another task": {data, "maze", session.ErrTask},
		"HTML":         {[]byte("<!doctype html>"), "", weights.ErrFormat},
		"cut":          {data[:len(data)/2], "", weights.ErrTruncated},
		"damaged":      {damaged, "", weights.ErrHash},
		"empty":        {nil, "", weights.ErrTruncated},
	} {
		if _, err := session.Open(c.data, c.task); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
