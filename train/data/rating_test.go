package data

import (
	"context"
	"math"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// realSudokus returns the published validation sudokus.
func realSudokus(t testing.TB) *Set {
	t.Helper()
	s, err := Load(context.Background(), shared.Dir(t, "data", "sudoku", "valid.csv.gz"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Real sudokus have the published answer and no other, and our rating lies on
// the scale of theirs.
func TestRealRatings(t *testing.T) {
	s := realSudokus(t)
	theirs, ours := 0.0, 0.0
	for i := range s.Len() {
		q, a := sudoku.Of(s.Input(i)), sudoku.Of(s.Label(i))
		sol := sudoku.Solve(&q, 2)
		if sol.Count != 1 || sol.Grid != a {
			t.Fatalf("puzzle %d: %d solutions", i, sol.Count)
		}
		theirs += float64(s.Rating(i)) / float64(s.Len())
		ours += float64(sudoku.Rate(&q)) / float64(s.Len())
	}
	t.Logf("mean rating %.2f, ours %.2f", theirs, ours)
	if math.Abs(ours/theirs-1) > 0.1 {
		t.Errorf("mean rating %.2f, ours %.2f: more than a tenth apart", theirs, ours)
	}
}

func BenchmarkSolve(b *testing.B) {
	s := realSudokus(b)
	i := 0
	for b.Loop() {
		g := sudoku.Of(s.Input(i % s.Len()))
		sudoku.Solve(&g, 2)
		i++
	}
}
