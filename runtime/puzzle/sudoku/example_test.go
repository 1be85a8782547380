package sudoku_test

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// Solve by search, which also says whether there is another solution.
func ExampleSolve() {
	var g sudoku.Grid
	for i, c := range "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79" {
		if c != '.' {
			g[i] = uint8(c - '0')
		}
	}
	s := sudoku.Solve(&g, 2)
	fmt.Println(s.Count, s.Grid[:9], sudoku.Unique(&g))
	// Output: 1 [5 3 4 6 7 8 9 1 2] true
}
