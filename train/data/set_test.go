package data

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

const (
	someQ = "1.345.78945.789.237.912.4562.4567.915.789.234.9123456.34.678.126.89123.5.123.5678"
	someA = "123456789456789123789123456234567891567891234891234567345678912678912345912345678"
)

// someCSV holds n variants of one puzzle, told apart by their rating.
func someCSV(n int) string {
	var b strings.Builder
	b.WriteString("source,question,answer,rating\n")
	for i := range n {
		fmt.Fprintf(&b, "made,%s,%s,%d\n", someA[:i]+"."+someA[i+1:], someA, i)
	}
	return b.String()
}

func someSet(t testing.TB, n int) *Set {
	t.Helper()
	s, err := Read(context.Background(), strings.NewReader(someCSV(n)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRead(t *testing.T) {
	s := someSet(t, 5)
	if s.Task != puzzle.Task(puzzle.Sudoku{}) || s.Len() != 5 || s.Groups() != 5 || s.Rating(3) != 3 || s.Source(4) != "made" {
		t.Errorf("got %d examples of %v, rating %d, source %q", s.Len(), s.Task, s.Rating(3), s.Source(4))
	}
	in, lab := make([]int32, 81), make([]int32, 81)
	if id := s.Example(2, in, lab); id != 0 || (puzzle.Sudoku{}).Decode(lab) != someA {
		t.Errorf("id %d, label %v", id, lab)
	}
	if err := (puzzle.Sudoku{}).Check(in, lab); err != nil {
		t.Error(err)
	}
}

func TestReadErrors(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"empty", "", "empty"},
		{"no rows", "question,answer\n", "no examples"},
		{"no answer", "question,answer\n" + someQ + ",\n", "answer of 0 tokens"},
		{"bad row", someCSV(3) + "made,1,2,3\n", "line 5, column 6: question: 1 cells, want 81"},
	}
	for _, c := range cases {
		_, err := Read(context.Background(), strings.NewReader(c.in), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, strings.NewReader(someCSV(1)), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestHash(t *testing.T) {
	a, b, c := someSet(t, 5).Hash(), someSet(t, 5).Hash(), someSet(t, 6).Hash()
	if a != b || a == c || len(a) != 64 {
		t.Errorf("hashes %s %s %s", a, b, c)
	}
}

func TestSamplerEpochs(t *testing.T) {
	s := someSet(t, 7)
	sampler, err := NewSampler(3, Part{Set: s, Weight: 1, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	var orders []string
	for range 4 {
		var order []string
		for range 7 {
			in, lab := make([]int32, 81), make([]int32, 81)
			sampler.Next(in, lab)
			order = append(order, puzzle.Sudoku{}.Decode(in))
		}
		orders = append(orders, strings.Join(order, " "))
		slices.Sort(order)
		if len(slices.Compact(order)) != 7 {
			t.Error("an epoch repeats an example")
		}
	}
	slices.Sort(orders)
	if len(slices.Compact(orders)) < 3 {
		t.Error("epochs come in the same order")
	}
}

func TestSamplerResumes(t *testing.T) {
	a, b := someSet(t, 7), someSet(t, 5)
	parts := []Part{{Set: a, Weight: 3}, {Set: b, Weight: 1}}
	one, _ := NewSampler(3, parts...)
	two, _ := NewSampler(3, parts...)
	in, lab := make([]int32, 81), make([]int32, 81)
	in2, lab2 := make([]int32, 81), make([]int32, 81)
	for n := range 100 {
		if err := two.Seek(one.Cursor()); err != nil {
			t.Fatal(err)
		}
		one.Next(in, lab)
		two.Next(in2, lab2)
		if !slices.Equal(in, in2) || !slices.Equal(lab, lab2) {
			t.Fatalf("draw %d differs after Seek", n)
		}
		if err := (puzzle.Sudoku{}).Check(in, lab); err != nil {
			t.Fatalf("draw %d: %v", n, err)
		}
	}
	if c := one.Cursor(); c[0] != 75 || c[1] != 25 || one.Draws() != 100 {
		t.Errorf("shares %v, want 75 and 25", c)
	}
	if n := testing.AllocsPerRun(200, func() { one.Next(in, lab) }); n != 0 {
		t.Errorf("%v allocations a draw, want 0", n)
	}
}

func TestSamplerRefuses(t *testing.T) {
	s := someSet(t, 2)
	for _, parts := range [][]Part{{}, {{Set: s}}, {{Weight: 1}}, {{Set: NewSet(puzzle.Sudoku{}), Weight: 1}},
		{{Set: s, Weight: 1}, {Set: NewSet(puzzle.Maze{Rows: 3, Cols: 3}), Weight: 1}}} {
		if _, err := NewSampler(1, parts...); !errors.Is(err, ErrData) {
			t.Errorf("%d parts: got %v, want ErrData", len(parts), err)
		}
	}
}

func TestRealTrainingSet(t *testing.T) {
	s, err := Load(context.Background(), shared.Dir(t, "data", "sudoku", "valid.csv.gz"), nil)
	if err != nil || s.Len() != 1996 {
		t.Fatalf("%v", err)
	}
}

func BenchmarkSampler(b *testing.B) {
	sampler, _ := NewSampler(3, Part{Set: someSet(b, 50), Weight: 1})
	in, lab := make([]int32, 81), make([]int32, 81)
	for b.Loop() {
		sampler.Next(in, lab)
	}
}

func TestHintsRevealAnswers(t *testing.T) {
	s, err := NewSampler(3, Part{Set: blanked(t), Weight: 1, Hints: 30})
	if err != nil {
		t.Fatal(err)
	}
	in, lab, seen := make([]int32, 81), make([]int32, 81), map[int]int{}
	for range 4000 {
		s.Next(in, lab)
		given := 0
		for i := range in {
			if in[i] == puzzle.SudokuBlank {
				continue
			}
			given++
			if in[i] != lab[i] {
				t.Fatalf("cell %d is given as %d, its answer is %d", i, in[i], lab[i])
			}
		}
		seen[given]++
	}
	if seen[0] < 1850 || seen[0] > 2150 {
		t.Errorf("%d of 4000 draws without a hint, want about half", seen[0])
	}
	for n := 1; n <= 30; n++ {
		if seen[n] < 30 {
			t.Errorf("%d draws with %d hints, want about 67", seen[n], n)
		}
	}
	if len(seen) != 31 {
		t.Errorf("%d different numbers of hints, want 0 to 30", len(seen))
	}
}

// blanked is a set of one grid without any given.
func blanked(t *testing.T) *Set {
	t.Helper()
	csv := "question,answer\n" + strings.Repeat(".", 81) + "," + someA + "\n"
	s, err := Read(context.Background(), strings.NewReader(csv), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRevealAllBlanks(t *testing.T) {
	in, lab := []int32{1, 5, 1}, []int32{2, 5, 9}
	reveal(rand.New(rand.NewPCG(1, 1)), 7, puzzle.SudokuBlank, in, lab)
	if !slices.Equal(in, lab) {
		t.Errorf("got %v, want %v", in, lab)
	}
}
