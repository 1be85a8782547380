package puzzle

import (
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// sizedKind is kindOf for sudokus of all sizes: in a list a string is a number, a row or
// a grid; one of 16 cells as sudokusReader takes it.
func (r *jsonGrids) sizedKind(text string, n int) int {
	_, list := rowsIn(r.stack)
	switch cells, _ := cellsOf(text); {
	case list && n == 2 && strings.Trim(text, "0123456789") == "":
		return nodeCell
	case list && sudoku.HasBoxes(len(cells)) && !(len(cells) == 16 && plausible(cells, 4) == 16 && solved4(cells)):
		return nodeRow
	case r.otherSize(text):
		return nodeGrid
	}
	return nodeText
}

// rowsIn returns the innermost list, and whether values stand in one.
func rowsIn(stack []jsonLevel) (top *jsonLevel, list bool) {
	top = &stack[len(stack)-1]
	return top, len(stack) > 1 && !top.object
}

// isRow reports a list of so many cells that is a row.
func (r *jsonGrids) isRow(cells int) bool {
	if r.sizes {
		_, list := rowsIn(r.stack)
		return sudoku.HasBoxes(cells) && (list || !r.isGrid(cells))
	}
	return cells == r.lay.cols
}

// isGrid reports a list of so many cells that is a grid.
func (r *jsonGrids) isGrid(cells int) bool {
	if n := side(cells); r.sizes {
		return n*n == cells && sudoku.HasBoxes(n)
	}
	return cells == r.task.SeqLen()
}

// areRows reports a list of so many rows that is a grid.
func (r *jsonGrids) areRows(rows int) bool {
	if r.sizes {
		return sudoku.HasBoxes(rows)
	}
	return rows == r.lay.rows
}
