package kernels

// Turns is the shape of the candidates of a grid that is turned: Rows x Cols cells,
// Symbols candidates for each, D channels each: x is [Rows, Cols, Symbols, D].
type Turns struct{ Rows, Cols, Symbols, D int }

// ways is how many ways there are to turn a square, but leaving it as it is.
const ways = 7

// Len returns the numbers of all turned grids.
func (t Turns) Len() int { return t.Rows * t.Cols * t.width() * ways }

// Turn sets turned [Rows, Cols, Symbols, 7, D] to what the turned grids have in each
// place. A grid that is no square is turned by the three ways that keep its sides; the
// others are zero.
//
//	turned[r, c, s, way] = x[(r, c) turned that way, s]
func (t Turns) Turn(turned, x []float32) {
	t.check("Turns.Turn", turned, x)
	t.each(func(at, from int) {
		if from < 0 {
			clear(turned[at:][:t.D])
		} else {
			copy(turned[at:][:t.D], x[from:])
		}
	})
}

// Back adds to dx what dTurned gives it: the transpose of Turn.
func (t Turns) Back(dx, dTurned []float32) {
	t.check("Turns.Back", dTurned, dx)
	t.each(func(at, from int) {
		if from >= 0 {
			add(dx[from:][:t.D], dTurned[at:][:t.D])
		}
	})
}

// each calls f with every place in the turned grids, and where in x its numbers are, -1
// for none.
func (t Turns) each(f func(at, from int)) {
	at := 0
	for cell := range t.Rows * t.Cols {
		for s := range t.Symbols {
			for way := 1; way <= ways; way++ {
				from := -1
				if way < 4 || t.Rows == t.Cols {
					from = t.cell(way, cell)*t.width() + s*t.D
				}
				f(at, from)
				at += t.D
			}
		}
	}
}

// cell returns the cell that a turned grid has in the place of another: bit 0 of the way
// exchanges the rows from top to bottom, bit 1 the columns, and then bit 2 rows and
// columns.
func (t Turns) cell(way, cell int) int {
	row, col := cell/t.Cols, cell%t.Cols
	if way&1 != 0 {
		row = t.Rows - 1 - row
	}
	if way&2 != 0 {
		col = t.Cols - 1 - col
	}
	if way&4 != 0 {
		row, col = col, row
	}
	return row*t.Cols + col
}

// width is the numbers of a cell.
func (t Turns) width() int { return t.Symbols * t.D }

func (t Turns) check(kernel string, turned, x []float32) {
	need(kernel, "turned", len(turned), t.Len())
	need(kernel, "x", len(x), t.Rows*t.Cols*t.width())
}
