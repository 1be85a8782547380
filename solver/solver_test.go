package solver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
)

const (
	easy       = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	easyAnswer = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
	none       = "12345678" + "...................................." + "9" + "...................................." // has no solution
)

func open(t *testing.T) *Solver {
	t.Helper()
	s, _, err := Parse(embedded.Model, "sudoku", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSolve(t *testing.T) {
	s := open(t)
	a, err := s.Solve(t.Context(), easy)
	if err != nil || a.Text != easyAnswer || !a.Known || !a.Valid || a.Why != nil || !a.FirstValid || a.Attempts != 1 ||
		a.First.Segments != a.Segments || a.TotalSegments != a.Segments || a.Unfinished {
		t.Errorf("%+v, %v", a, err)
	}
	for text, want := range map[string]error{
		easy[:80] + "x": puzzle.ErrFormat, easy + "\n" + easy: puzzle.ErrFormat, none: puzzle.ErrUnsolvable,
		strings.Repeat(".", 81): puzzle.ErrUnsolvable,
	} {
		if a, err := s.Solve(t.Context(), text); !errors.Is(err, want) || a.Err != err || a.Tokens != nil {
			t.Errorf("%.20s: %+v, %v, want %v", text, a, err, want)
		}
	}
	a, err = s.With(Options{Anyway: true, Attempts: 1}).Solve(t.Context(), none)
	if err != nil || a.Valid || a.FirstValid || a.Why == nil || !strings.Contains(a.Why.Error(), "the puzzle cannot be solved: it has no solution") {
		t.Errorf("anyway: %+v, %v", a, err)
	}
}

// Goroutines share a solver, with options of their own, and get the answers that
// each would get alone.
func TestManyAtOnce(t *testing.T) {
	s := open(t)
	one := s.With(Options{Attempts: 1, MaxSegments: 1})
	short, err := one.Solve(t.Context(), easy)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if i%2 == 0 {
				if a, err := s.Solve(t.Context(), easy); err != nil || a.Text != easyAnswer {
					t.Errorf("%+v, %v", a, err)
				}
			} else if a, err := one.Solve(t.Context(), easy); err != nil || a.Text != short.Text || a.Segments != 1 {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	all.Wait()
}

func TestSolveAll(t *testing.T) {
	s := open(t)
	texts := make([]string, 40)
	for i := range texts {
		texts[i] = []string{easy, "x", none}[i%3]
	}
	i := 0
	for a, err := range s.SolveAll(t.Context(), slices.Values(texts)) {
		switch i % 3 {
		case 0:
			if err != nil || a.Text != easyAnswer {
				t.Errorf("%d: %+v, %v", i, a, err)
			}
		case 1:
			if !errors.Is(err, puzzle.ErrFormat) {
				t.Errorf("%d: %v", i, err)
			}
		case 2:
			if !errors.Is(err, puzzle.ErrUnsolvable) {
				t.Errorf("%d: %v", i, err)
			}
		}
		i++
	}
	if i != len(texts) {
		t.Errorf("%d answers, want %d", i, len(texts))
	}
	for range s.SolveAll(t.Context(), slices.Values(texts)) {
		break // no goroutine waits for ever
	}
}

// The looks of a puzzle end with its answer, which is Solve's.
func TestLooks(t *testing.T) {
	s := open(t).With(Options{Anyway: true, Attempts: 3, MaxSegments: 4})
	for _, text := range []string{easy, none} {
		want, err := s.Solve(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var last Look
		for l, err := range s.Looks(t.Context(), text) {
			if err != nil || len(l.Confidence) != 81 || l.Sure() < 0 || l.Sure() > 1 || (l.Attempt > 0) != (len(l.Guessed) > 0) || last.Answer != nil {
				t.Errorf("%+v, %v", l, err)
			}
			n++
			last = l
		}
		if a := last.Answer; a == nil || n != want.TotalSegments || a.Text != want.Text || a.Attempts != want.Attempts {
			t.Errorf("%d looks, the last %+v, want %d", n, last.Answer, want.TotalSegments)
		}
		n = 0
		for range s.Looks(t.Context(), text) {
			if n++; n == 2 {
				break
			}
		}
	}
	for _, err := range s.Looks(t.Context(), "x") {
		if !errors.Is(err, puzzle.ErrFormat) {
			t.Errorf("%v", err)
		}
	}
}

// A context that ends leaves the best answer so far.
func TestUnfinished(t *testing.T) {
	s := open(t)
	for _, segments := range []int{3, 40} {
		ctx, cancel := context.WithCancelCause(t.Context())
		n := 0
		o := Options{Anyway: true, OnLook: func(Look) {
			if n++; n == segments {
				cancel(context.Canceled)
			}
		}}
		a, err := s.With(o).Solve(ctx, none)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, runtime.ErrStopped) || !a.Unfinished || len(a.Text) != 81 || a.Valid || a.TotalSegments < segments {
			t.Errorf("after %d segments: %+v, %v", segments, a, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := s.Solve(ctx, easy); !errors.Is(err, context.Canceled) || a.Unfinished {
		t.Errorf("before it began: %+v, %v", a, err)
	}
}

func TestDefaults(t *testing.T) {
	if r := (&Options{}).options(puzzle.Sudoku{}); r.Restarts != 127 || r.RestartTime != DefaultRestartTime || r.TimeLimit != DefaultTimeLimit {
		t.Errorf("%+v", r)
	}
	if r := (&Options{}).options(puzzle.ARC{}); r.Restarts != 7 {
		t.Errorf("%+v", r)
	}
	if r := (&Options{Attempts: 1, TimeLimit: -1}).options(puzzle.Sudoku{}); r.Restarts != 0 || r.RestartTime != 0 || r.TimeLimit != 0 {
		t.Errorf("%+v", r)
	}
}

// Close ends what is under way, and what comes later has an error.
func TestClose(t *testing.T) {
	s := open(t)
	begun := make(chan struct{})
	var once sync.Once
	ended := make(chan error)
	go func() {
		_, err := s.With(Options{Anyway: true, Attempts: 1 << 30, TimeLimit: -1, OnLook: func(Look) { once.Do(func() { close(begun) }) }}).Solve(context.Background(), none)
		ended <- err
	}()
	<-begun
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, runtime.ErrStopped) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it thinks on")
	}
	if _, err := s.Solve(t.Context(), easy); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// What is wrong with a file wraps an error that tells its kind.
func TestParseErrors(t *testing.T) {
	broken := slices.Clone(embedded.Model)
	broken[len(broken)-1] ^= 1
	for _, c := range []struct {
		data []byte
		task string
		want error
	}{
		{nil, "", weights.ErrTruncated}, {[]byte("PK\x03\x04"), "", weights.ErrFormat}, {broken, "", weights.ErrHash}, {embedded.Model, "maze", ErrTask},
	} {
		if s, _, err := Parse(c.data, c.task, 1); s != nil || !errors.Is(err, c.want) {
			t.Errorf("%d bytes: %v, want %v", len(c.data), err, c.want)
		}
	}
}

func ExampleSolver_Looks() {
	s, _, err := Parse(embedded.Model, "", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for look, err := range s.Looks(context.Background(), easy) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(look.Segment, look.Done)
	}
	// Output: 1 true
}
