package kernels

// Units are the groups that candidates lie in, of which a layer takes means. A grid has
// Cells, a cell Symbols candidates (a digit or a colour that it may have), a candidate D
// channels; they lie cell by cell, channels innermost: x is [Cells, Symbols, D].
//
// A candidate lies in four units: with those of its symbol in three lines of cells, and
// with those of its cell. The numbers of units lie kind by kind:
//
//	[lines, Symbols, D] three times, [Cells, D]
type Units struct {
	Cells, Symbols, D int

	lines [][3]int       // of each cell: where the units of its lines begin
	ends  [unitKinds]int // of the numbers of each kind
	sizes [unitKinds]int // of a unit of each kind, in candidates
}

const unitKinds = 4

// newUnits returns the units of so many lines of each of three kinds, all of a kind with
// sizes cells; line says which of them a cell lies in.
func newUnits(cells, symbols, d int, lines, sizes [3]int, line func(cell int) [3]int) *Units {
	u := &Units{Cells: cells, Symbols: symbols, D: d, lines: make([][3]int, cells)}
	width, end := symbols*d, 0
	var first [3]int
	for kind, n := range lines {
		first[kind], end = end, end+n*width
		u.ends[kind], u.sizes[kind] = end, sizes[kind]
	}
	u.ends[3], u.sizes[3] = end+cells*d, symbols
	for cell := range u.lines {
		for kind, i := range line(cell) {
			u.lines[cell][kind] = first[kind] + i*width
		}
	}
	return u
}

// SudokuUnits returns the units of a sudoku of side x side cells in boxes: rows, columns,
// boxes, cells.
func SudokuUnits(side, boxRows, boxCols, d int) *Units {
	all := [3]int{side, side, side}
	return newUnits(side*side, side, d, all, all, func(cell int) [3]int {
		row, col := cell/side, cell%side
		return [3]int{row, col, row/boxRows*boxRows + col/boxCols}
	})
}

// ColourUnits returns the units of a grid of colours: rows, columns, the grid, cells.
func ColourUnits(rows, cols, symbols, d int) *Units {
	return newUnits(rows*cols, symbols, d, [3]int{rows, cols, 1}, [3]int{cols, rows, rows * cols}, func(cell int) [3]int {
		return [3]int{cell / cols, cell % cols, 0}
	})
}

// Kind returns where the numbers of a kind, of four, begin and end.
func (u *Units) Kind(kind int) (lo, hi int) {
	if kind > 0 {
		lo = u.ends[kind-1]
	}
	return lo, u.ends[kind]
}

// Len returns how many numbers the units have.
func (u *Units) Len() int { return u.ends[unitKinds-1] }

// Average sets units, which are sums over their candidates, to their means.
func (u *Units) Average(units []float32) {
	need("Units.Average", "units", len(units), u.Len())
	for kind, n := range u.sizes {
		lo, hi := u.Kind(kind)
		scale(units[lo:hi], 1/float32(n))
	}
}

// Gather sets units to the sums over the candidates that lie in each.
func (u *Units) Gather(units, x []float32) {
	u.check("Units.Gather", units, x)
	clear(units[:u.Len()])
	own, _ := u.Kind(3)
	for _, lines := range u.lines {
		cell := x[:u.Symbols*u.D]
		for _, at := range lines {
			add(units[at:][:len(cell)], cell)
		}
		for sum := units[own:][:u.D]; len(cell) > 0; cell = cell[u.D:] {
			add(sum, cell[:u.D])
		}
		x, own = x[u.Symbols*u.D:], own+u.D
	}
}

// Spread sets y to the sum of the four units that each candidate lies in: the transpose
// of Gather.
func (u *Units) Spread(y, units []float32) {
	u.check("Units.Spread", units, y)
	own, _ := u.Kind(3)
	for _, lines := range u.lines {
		cell := y[:u.Symbols*u.D]
		copy(cell, units[lines[0]:])
		add2(cell, units[lines[1]:][:len(cell)], units[lines[2]:][:len(cell)])
		for sum := units[own:][:u.D]; len(cell) > 0; cell = cell[u.D:] {
			add(cell[:u.D], sum)
		}
		y, own = y[u.Symbols*u.D:], own+u.D
	}
}

func (u *Units) check(kernel string, units, x []float32) {
	need(kernel, "units", len(units), u.Len())
	need(kernel, "x", len(x), u.Cells*u.Symbols*u.D)
}

// Repeat sets y [rows, times, d] to the rows of x [rows, d], each so many times.
func Repeat(y, x []float32, d, times int) {
	need("Repeat", "y", len(y), len(x)*times)
	for ; len(x) > 0; x = x[d:] {
		for range times {
			copy(y, x[:d])
			y = y[d:]
		}
	}
}

// RepeatBack adds to dx what dy gives it: the transpose of Repeat.
func RepeatBack(dx, dy []float32, d, times int) {
	need("RepeatBack", "dy", len(dy), len(dx)*times)
	for ; len(dx) > 0; dx = dx[d:] {
		for range times {
			add(dx[:d], dy[:d])
			dy = dy[d:]
		}
	}
}
