package data

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

func checkSudoku(t *testing.T, s *Sudoku, minimal bool) {
	t.Helper()
	sol := sudoku.Solve(&s.Question, 2)
	if sol.Count != 1 || sol.Grid != s.Answer {
		t.Fatalf("%d solutions", sol.Count)
	}
	if err := (puzzle.Sudoku{}).Check(s.Question.Tokens(), s.Answer.Tokens()); err != nil {
		t.Fatal(err)
	}
	for i, d := range s.Question {
		if minimal && d != 0 {
			q := s.Question
			if q[i] = 0; sudoku.Unique(&q) {
				t.Fatal("a clue is superfluous")
			}
		}
	}
}

func TestGenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for clues := 28; clues <= 36; clues++ {
		s := Ordinary(clues, rng)
		checkSudoku(t, &s, false)
		if s.Question.Clues() != clues {
			t.Errorf("%d clues, want %d", s.Question.Clues(), clues)
		}
	}
	s := Minimal(rng)
	for range 10 {
		checkSudoku(t, &s, true)
		if next, ok := Vary(&s, 0, rng); ok {
			s = next
		}
	}
}

func TestGenerateHard(t *testing.T) {
	o := HardOptions{Seed: 5, Count: 20, MinRating: 2, Threads: 1, steps: 50}
	one, err := GenerateHard(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 3
	three, err := GenerateHard(context.Background(), o)
	if err != nil || len(one) != 20 || len(three) != 20 {
		t.Fatalf("%d and %d sudokus, %v", len(one), len(three), err)
	}
	for i := range one {
		checkSudoku(t, &one[i], true)
		if one[i] != three[i] || one[i].Rating < 2 {
			t.Fatal("the result depends on the number of threads")
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := GenerateHard(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestFilter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := Minimal(rng)
	test := NewSet(puzzle.Sudoku{})
	if err := test.Add(s.Puzzle("")); err != nil {
		t.Fatal(err)
	}
	f := NewFilter()
	f.Ban(test)
	sym := puzzle.RandomSymmetry(rng)
	q, a := applyBoth(&sym, &s.Question), applyBoth(&sym, &s.Answer)
	if f.Keep(&q, &a) {
		t.Error("an equivalent of a test sudoku passed")
	}
	other := Minimal(rng)
	if !f.Keep(&other.Question, &other.Answer) {
		t.Error("a new sudoku was left out")
	}
	q, a = applyBoth(&sym, &other.Question), applyBoth(&sym, &other.Answer)
	if f.Keep(&q, &a) {
		t.Error("a repetition passed")
	}
}

func BenchmarkMinimal(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		Minimal(rng)
	}
}

func BenchmarkOrdinary(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		Ordinary(28+rng.IntN(9), rng)
	}
}

// BenchmarkHard makes one sudoku of rating 20 or more from published ones.
func BenchmarkHard(b *testing.B) {
	s := realSudokus(b)
	var seeds []Sudoku
	for i := range s.Len() {
		if s.Rating(i) >= 20 {
			seeds = append(seeds, Sudoku{sudoku.Of(s.Input(i)), sudoku.Of(s.Label(i)), s.Rating(i)})
		}
	}
	o := HardOptions{Seed: 1, MinRating: 20, Seeds: seeds, Threads: 1, Filter: NewFilter()}
	o.Count = b.N
	b.ResetTimer()
	if _, err := GenerateHard(context.Background(), o); err != nil {
		b.Fatal(err)
	}
}
