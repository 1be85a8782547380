package data

import (
	"context"
	"math"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
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

func TestSolve(t *testing.T) {
	var empty, broken Grid
	if got := Solve(&empty, 5); got.Count != 5 {
		t.Errorf("empty grid: %d solutions up to 5", got.Count)
	}
	broken[0], broken[1] = 1, 1
	if got := Solve(&broken, 1); got.Count != 0 {
		t.Errorf("a row with two ones: %d solutions", got.Count)
	}
	// No cell can hold the 9 of the first row.
	var stuck Grid
	copy(stuck[:], []uint8{1, 2, 3, 4, 5, 6, 7, 8, 0})
	stuck[9*4+8] = 9
	if got := Solve(&stuck, 1); got.Count != 0 {
		t.Errorf("a row without room for 9: %d solutions", got.Count)
	}
}

// Real sudokus have the published answer and no other, and our rating lies on
// the scale of theirs.
func TestRealRatings(t *testing.T) {
	s := realSudokus(t)
	theirs, ours := 0.0, 0.0
	for i := range s.Len() {
		q, a := ToGrid(s.Input(i)), ToGrid(s.Label(i))
		sol := Solve(&q, 2)
		if sol.Count != 1 || sol.Grid != a {
			t.Fatalf("puzzle %d: %d solutions", i, sol.Count)
		}
		theirs += float64(s.Rating(i)) / float64(s.Len())
		ours += float64(Rate(&q)) / float64(s.Len())
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
		g := ToGrid(s.Input(i % s.Len()))
		Solve(&g, 2)
		i++
	}
}
