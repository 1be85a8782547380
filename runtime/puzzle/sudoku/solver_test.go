package sudoku

import "testing"

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

// A search that is cut says so.
func TestCut(t *testing.T) {
	var empty Grid
	if got := (Search{Limit: 1, Guesses: 5}).Run(&empty); !got.Cut || got.Count != 0 || got.Guesses != 5 {
		t.Errorf("5 guesses in an empty grid: %+v", got)
	}
	if got := (Search{Limit: 1, Guesses: 1000}).Run(&empty); got.Cut || got.Count != 1 {
		t.Errorf("1000 guesses in an empty grid: %+v", got)
	}
}
