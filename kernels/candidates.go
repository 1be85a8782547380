package kernels

// Candidates is the shape of the candidates of a sudoku: Side x Side cells in boxes of
// BoxRows x BoxCols, Side candidates for each cell, D channels each. They lie cell by
// cell, channels innermost: x is [Side, Side, Side, D].
//
// A candidate lies in four units of Side candidates: with those of its digit in a row, in
// a column and in a box, and with those of its cell. Units are
//
//	[4, Side, Side, D]   (row, digit), (column, digit), (box, digit), (row, column)
type Candidates struct{ Side, BoxRows, BoxCols, D int }

// Units returns the numbers of units.
func (c Candidates) Units() int { return 4 * c.Side * c.Side * c.D }

// Weight returns where the units lie that one of three weights multiplies: rows and
// columns, boxes, cells.
func (c Candidates) Weight(i int) (lo, hi int) {
	kind := c.Side * c.width()
	return [...]int{0, 2, 3}[i] * kind, [...]int{2, 3, 4}[i] * kind
}

// Gather sets units to the sums over the candidates that lie in each.
func (c Candidates) Gather(units, x []float32) {
	c.check("Candidates.Gather", units, x)
	clear(units[:c.Units()])
	c.each(func(cell int, lines [3]int) {
		all := x[cell*c.width():][:c.width()]
		for _, at := range lines {
			add(units[at:][:len(all)], all)
		}
		sum := units[c.cell(cell):][:c.D]
		for ; len(all) > 0; all = all[c.D:] {
			add(sum, all[:c.D])
		}
	})
}

// Spread sets y to the sum of the four units that each candidate lies in: the transpose
// of Gather.
func (c Candidates) Spread(y, units []float32) {
	c.check("Candidates.Spread", units, y)
	c.each(func(cell int, lines [3]int) {
		all := y[cell*c.width():][:c.width()]
		copy(all, units[lines[0]:])
		add2(all, units[lines[1]:][:len(all)], units[lines[2]:][:len(all)])
		sum := units[c.cell(cell):][:c.D]
		for ; len(all) > 0; all = all[c.D:] {
			add(all[:c.D], sum)
		}
	})
}

// width is the numbers of a cell, and of a row, a column or a box.
func (c Candidates) width() int { return c.Side * c.D }

// cell is where the unit of a cell begins.
func (c Candidates) cell(cell int) int { return 3*c.Side*c.width() + cell*c.D }

// each calls f with every cell, and where the units of its row, column and box begin.
func (c Candidates) each(f func(cell int, lines [3]int)) {
	w, n := c.width(), c.Side
	for cell := range n * n {
		row, col := cell/n, cell%n
		box := row/c.BoxRows*c.BoxRows + col/c.BoxCols
		f(cell, [3]int{row * w, (n + col) * w, (2*n + box) * w})
	}
}

func (c Candidates) check(kernel string, units, x []float32) {
	need(kernel, "units", len(units), c.Units())
	need(kernel, "x", len(x), c.Side*c.Side*c.width())
}

// Scale sets y[i] *= by.
func Scale(y []float32, by float32) { scale(y, by) }
