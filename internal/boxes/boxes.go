// Package boxes knows the boxes of sudokus.
package boxes

// Of returns the size of a box of a sudoku with sides of n cells, which has n of them, as
// near to squares as can be and lying down (6 x 6: 2 x 3). ok is false where there are
// none but rows, 1 x n.
func Of(n int) (rows, cols int, ok bool) {
	rows = 1
	for r := 2; r*r <= n; r++ {
		if n%r == 0 {
			rows = r
		}
	}
	return rows, n / rows, rows > 1
}
