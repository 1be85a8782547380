package kernels

// Colours is the shape of the candidates of a grid of colours: Rows x Cols cells, Symbols
// candidates for each, one for every colour that it may have, D channels each. They lie
// cell by cell, channels innermost: x is [Rows, Cols, Symbols, D].
//
// A candidate lies in four units: with those of its colour in a row, in a column and in
// the grid, and with those of its cell. Units are
//
//	[Rows, Symbols, D]   [Cols, Symbols, D]   [Symbols, D]   [Rows, Cols, D]
type Colours struct{ Rows, Cols, Symbols, D int }

// Kinds of units.
const colourUnits = 4

// Unit returns where the units of a kind, of four, begin and end.
func (c Colours) Unit(kind int) (lo, hi int) {
	w := c.width()
	ends := [colourUnits + 1]int{0, c.Rows * w, (c.Rows + c.Cols) * w, (c.Rows + c.Cols + 1) * w, (c.Rows+c.Cols+1)*w + c.cells()*c.D}
	return ends[kind], ends[kind+1]
}

// Units returns the numbers of units.
func (c Colours) Units() int {
	_, hi := c.Unit(colourUnits - 1)
	return hi
}

// Average sets units, which are sums over their candidates, to their means.
func (c Colours) Average(units []float32) {
	need("Colours.Average", "units", len(units), c.Units())
	for kind, of := range [colourUnits]int{c.Cols, c.Rows, c.cells(), c.Symbols} {
		lo, hi := c.Unit(kind)
		scale(units[lo:hi], 1/float32(of))
	}
}

// Gather sets units to the sums over the candidates that lie in each.
func (c Colours) Gather(units, x []float32) {
	c.check("Colours.Gather", units, x)
	clear(units[:c.Units()])
	c.each(func(cell int, lines [3]int, own int) {
		all := x[cell*c.width():][:c.width()]
		for _, at := range lines {
			add(units[at:][:len(all)], all)
		}
		sum := units[own:][:c.D]
		for ; len(all) > 0; all = all[c.D:] {
			add(sum, all[:c.D])
		}
	})
}

// Spread sets y to the sum of the four units that each candidate lies in: the transpose
// of Gather.
func (c Colours) Spread(y, units []float32) {
	c.check("Colours.Spread", units, y)
	c.each(func(cell int, lines [3]int, own int) {
		all := y[cell*c.width():][:c.width()]
		copy(all, units[lines[0]:])
		add2(all, units[lines[1]:][:len(all)], units[lines[2]:][:len(all)])
		sum := units[own:][:c.D]
		for ; len(all) > 0; all = all[c.D:] {
			add(all[:c.D], sum)
		}
	})
}

// NumTurns is how many ways there are to turn a square, but leaving it as it is.
const NumTurns = 7

// Turn sets t [Rows, Cols, Symbols, NumTurns, D] to what the turned grids have in each
// place. A grid that is no square is turned by the three ways that keep its sides; the
// others are zero.
//
//	t[r, c, s, g] = x[turn g of (r, c), s]
func (c Colours) Turn(t, x []float32) {
	c.checkTurns("Colours.Turn", t, x)
	c.eachTurn(func(at, from int) {
		if from < 0 {
			clear(t[at:][:c.D])
		} else {
			copy(t[at:][:c.D], x[from:])
		}
	})
}

// TurnBack adds to dx what t gives it: the transpose of Turn.
func (c Colours) TurnBack(dx, dt []float32) {
	c.checkTurns("Colours.TurnBack", dt, dx)
	c.eachTurn(func(at, from int) {
		if from >= 0 {
			add(dx[from:][:c.D], dt[at:][:c.D])
		}
	})
}

// Turns returns the numbers of all turned grids.
func (c Colours) Turns() int { return c.cells() * c.width() * NumTurns }

func (c Colours) cells() int { return c.Rows * c.Cols }

// width is the numbers of a cell.
func (c Colours) width() int { return c.Symbols * c.D }

// each calls f with every cell, and where the units of its row, its column, the grid and
// its own begin.
func (c Colours) each(f func(cell int, lines [3]int, own int)) {
	columns, _ := c.Unit(1)
	grid, _ := c.Unit(2)
	own, _ := c.Unit(3)
	w := c.width()
	for cell := range c.cells() {
		f(cell, [3]int{cell / c.Cols * w, columns + cell%c.Cols*w, grid}, own+cell*c.D)
	}
}

// eachTurn calls f with every place in t, and where in x its numbers are, -1 for none.
func (c Colours) eachTurn(f func(at, from int)) {
	at := 0
	for cell := range c.cells() {
		for s := range c.Symbols {
			for turn := 1; turn <= NumTurns; turn++ {
				from := -1
				if turn < 4 || c.Rows == c.Cols {
					from = c.turned(turn, cell)*c.width() + s*c.D
				}
				f(at, from)
				at += c.D
			}
		}
	}
}

// turned returns the cell that a turned grid has in the place of another: bit 0 of turn
// exchanges the rows from top to bottom, bit 1 the columns, and then bit 2 rows and
// columns.
func (c Colours) turned(turn, cell int) int {
	row, col := cell/c.Cols, cell%c.Cols
	if turn&1 != 0 {
		row = c.Rows - 1 - row
	}
	if turn&2 != 0 {
		col = c.Cols - 1 - col
	}
	if turn&4 != 0 {
		row, col = col, row
	}
	return row*c.Cols + col
}

func (c Colours) check(kernel string, units, x []float32) {
	need(kernel, "units", len(units), c.Units())
	need(kernel, "x", len(x), c.cells()*c.width())
}

func (c Colours) checkTurns(kernel string, t, x []float32) {
	need(kernel, "t", len(t), c.Turns())
	need(kernel, "x", len(x), c.cells()*c.width())
}
