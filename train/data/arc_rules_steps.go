package data

import "slices"

// rule is one step; it may change and return the board that it is given.
type rule func(b board) board

// rule draws a step.
func (m *ruleMaker) rule() rule {
	kinds := []func() rule{
		m.turn, m.turn, m.shift, m.recolour, m.recolour, m.gravity, m.symmetry, m.rays, m.rays, m.connect, m.fill,
		m.outline, m.choose, m.bySize, m.lines, m.count, m.sorted, m.invert, m.corner, m.repeat, m.condition, m.flood, m.holes, m.halves,
	}
	return kinds[m.IntN(len(kinds))]()
}

func (m *ruleMaker) turn() rule {
	last := m.side - 1
	from := [](func(r, c int) (int, int)){
		func(r, c int) (int, int) { return last - r, last - c },
		func(r, c int) (int, int) { return c, last - r },
		func(r, c int) (int, int) { return last - c, r },
		func(r, c int) (int, int) { return r, last - c },
		func(r, c int) (int, int) { return last - r, c },
		func(r, c int) (int, int) { return c, r },
		func(r, c int) (int, int) { return last - c, last - r },
	}[m.IntN(7)]
	return func(b board) board { return b.transform(from) }
}

func (m *ruleMaker) shift() rule {
	dr, dc, wraps := m.IntN(3)-1, m.IntN(5)-2, m.IntN(2) == 0
	if dr == 0 && dc == 0 {
		dr = 1
	}
	return func(b board) board {
		return b.transform(func(r, c int) (int, int) {
			if r, c = r-dr, c-dc; wraps {
				return (r + b.side) % b.side, (c + b.side) % b.side
			}
			return r, c
		})
	}
}

// recolour gives colours others: all, two, each the next, or the commonest alone.
func (m *ruleMaker) recolour() rule {
	kind, from, to, by := m.IntN(4), m.colour(), m.colour(), byte(1+m.IntN(8))
	return func(b board) board {
		most := b.most()
		b.each(func(r, c int, old byte) {
			switch {
			case old == 0:
			case kind == 0, kind == 1 && old == most, kind == 2 && old == from:
				b.set(r, c, to)
			case kind == 2 && old == to:
				b.set(r, c, from)
			case kind == 3:
				b.set(r, c, (old-1+by)%9+1)
			}
		})
		return b
	}
}

// gravity lets cells fall to one of the sides.
func (m *ruleMaker) gravity() rule {
	d := straight[m.IntN(4)]
	return func(b board) board {
		for moved := true; moved; {
			moved = false
			b.each(func(r, c int, _ byte) {
				colour := b.at(r, c)
				if to := [2]int{r + d[0], c + d[1]}; colour > 0 && b.has(to[0], to[1]) && b.at(to[0], to[1]) == 0 {
					b.set(to[0], to[1], colour)
					b.set(r, c, 0)
					moved = true
				}
			})
		}
		return b
	}
}

// symmetry adds the mirrored grid.
func (m *ruleMaker) symmetry() rule {
	turn := m.turn()
	return func(b board) board {
		turn(b.clone()).each(func(r, c int, colour byte) {
			if b.at(r, c) == 0 {
				b.set(r, c, colour)
			}
		})
		return b
	}
}

// rays go out from cells until the edge, or until another cell.
func (m *ruleMaker) rays() rule {
	ways := [][][2]int{straight, diagonal, straight[:1], straight[1:3], straight[3:], {straight[0], straight[3]}, append(slices.Clone(straight), diagonal...)}[m.IntN(7)]
	reach, colour := []int{1, m.side}[m.IntN(2)], byte(0)
	if m.IntN(2) == 0 {
		colour = m.colour()
	}
	return func(b board) board {
		out := b.clone()
		b.each(func(r, c int, own byte) {
			if own == 0 {
				return
			}
			ray := own
			if colour > 0 {
				ray = colour
			}
			for _, d := range ways {
				for k := 1; k <= reach && b.has(r+k*d[0], c+k*d[1]) && b.at(r+k*d[0], c+k*d[1]) == 0; k++ {
					out.set(r+k*d[0], c+k*d[1], ray)
				}
			}
		})
		return out
	}
}

// connect draws lines between cells of one colour in a row or column.
func (m *ruleMaker) connect() rule {
	colour, columns := byte(0), m.IntN(2) == 0
	if m.IntN(2) == 0 {
		colour = m.colour()
	}
	return func(b board) board {
		out := b.clone()
		for line := range b.side {
			last, lastColour := -1, byte(0)
			for k := range b.side {
				r, c := line, k
				if columns {
					r, c = k, line
				}
				own := b.at(r, c)
				if own == 0 {
					continue
				}
				for j := last + 1; own == lastColour && j < k; j++ {
					with := own
					if colour > 0 {
						with = colour
					}
					if columns {
						out.set(j, line, with)
					} else {
						out.set(line, j, with)
					}
				}
				last, lastColour = k, own
			}
		}
		return out
	}
}

// fill colours the black.
func (m *ruleMaker) fill() rule {
	colour := m.colour()
	return func(b board) board {
		b.each(func(r, c int, own byte) {
			if own == 0 {
				b.set(r, c, colour)
			}
		})
		return b
	}
}

// outside returns which black cells hang together with the edge.
func outside(b board) []bool {
	out := make([]bool, len(b.cells))
	for more := true; more; {
		more = false
		b.each(func(r, c int, own byte) {
			i := r*b.side + c
			if own > 0 || out[i] {
				return
			}
			for _, d := range straight {
				if !b.has(r+d[0], c+d[1]) || out[(r+d[0])*b.side+c+d[1]] {
					out[i], more = true, true
				}
			}
		})
	}
	return out
}

// holes colours the black that is enclosed, or all but that.
func (m *ruleMaker) holes() rule {
	colour, inside := m.colour(), m.IntN(4) > 0
	return func(b board) board {
		out := outside(b)
		b.each(func(r, c int, own byte) {
			if own == 0 && out[r*b.side+c] != inside {
				b.set(r, c, colour)
			}
		})
		return b
	}
}

// flood colours what hangs together with a corner.
func (m *ruleMaker) flood() rule {
	colour, corner := m.colour(), m.IntN(4)
	return func(b board) board {
		r, c := (corner&1)*(b.side-1), (corner>>1)*(b.side-1)
		start := b.at(r, c)
		var visit func(r, c int)
		visit = func(r, c int) {
			if !b.has(r, c) || b.at(r, c) != start || start == colour {
				return
			}
			b.set(r, c, colour)
			for _, d := range straight {
				visit(r+d[0], c+d[1])
			}
		}
		visit(r, c)
		return b
	}
}

// outline colours the black around cells.
func (m *ruleMaker) outline() rule {
	colour, ways := m.colour(), straight
	if m.IntN(2) == 0 {
		ways = append(slices.Clone(straight), diagonal...)
	}
	return func(b board) board {
		out := b.clone()
		b.each(func(r, c int, own byte) {
			for _, d := range ways {
				if own == 0 && b.at(r+d[0], c+d[1]) > 0 {
					out.set(r, c, colour)
				}
			}
		})
		return out
	}
}

// choose keeps the largest object, the smallest, single cells, or all but these; or the
// cells of one colour.
func (m *ruleMaker) choose() rule {
	kind, colour := m.IntN(5), m.colour()
	return func(b board) board {
		objects := b.objects()
		most, least := 0, len(b.cells)
		for _, o := range objects {
			most, least = max(most, len(o.cells)), min(least, len(o.cells))
		}
		common := b.most()
		out := newBoard(b.side)
		for _, o := range objects {
			n := len(o.cells)
			if [...]bool{n == most, n == least, n == 1, n > 1, o.colour == common}[kind] {
				for _, i := range o.cells {
					out.cells[i] = o.colour
					if kind == 2 {
						out.cells[i] = colour
					}
				}
			}
		}
		return out
	}
}

// bySize colours objects by their size.
func (m *ruleMaker) bySize() rule {
	colours, kind := [...]byte{m.colour(), m.colour(), m.colour()}, m.IntN(2)
	return func(b board) board {
		objects := b.objects()
		most := 0
		for _, o := range objects {
			most = max(most, len(o.cells))
		}
		for _, o := range objects {
			k := min(len(o.cells), 3) - 1
			if kind == 0 {
				k = 0
				if len(o.cells) == most {
					k = 1
				}
			}
			for _, i := range o.cells {
				b.cells[i] = colours[k]
			}
		}
		return b
	}
}

// lines fills rows, columns or both in which there is a cell, with the first one's colour.
func (m *ruleMaker) lines() rule {
	rows, columns := true, m.IntN(3) == 0
	if !columns && m.IntN(2) == 0 {
		rows, columns = false, true
	}
	return func(b board) board {
		out := b.clone()
		b.each(func(r, c int, own byte) {
			for k := 0; own > 0 && k < b.side; k++ {
				if rows && out.at(r, k) == 0 {
					out.set(r, k, own)
				}
				if columns && out.at(k, c) == 0 {
					out.set(k, c, own)
				}
			}
		})
		return out
	}
}

// count draws as many cells as there are of something, in reading order.
func (m *ruleMaker) count() rule {
	colour, kind := m.colour(), m.IntN(3)
	return func(b board) board {
		var n int
		switch counts := b.counts(); kind {
		case 0:
			n = len(b.cells) - counts[0]
		case 1:
			n = len(b.objects())
		case 2:
			for _, k := range counts[1:] {
				n += min(k, 1)
			}
		}
		out := newBoard(b.side)
		for i := range min(n, len(out.cells)) {
			out.cells[i] = colour
		}
		return out
	}
}

// sorted puts the columns in the order of how much is in them.
func (m *ruleMaker) sorted() rule {
	down := m.IntN(2) == 0
	return func(b board) board {
		order, sizes := make([]int, b.side), make([]int, b.side)
		for c := range order {
			order[c] = c
			for r := range b.side {
				sizes[c] += min(int(b.at(r, c)), 1)
			}
		}
		slices.SortStableFunc(order, func(x, y int) int {
			if down {
				return sizes[y] - sizes[x]
			}
			return sizes[x] - sizes[y]
		})
		return b.transform(func(r, c int) (int, int) { return r, order[c] })
	}
}

// invert swaps black and the commonest colour, or the two commonest.
func (m *ruleMaker) invert() rule {
	colour := byte(0)
	if m.IntN(2) == 0 {
		colour = m.colour()
	}
	return func(b board) board {
		most := b.most()
		b.each(func(r, c int, own byte) {
			switch own {
			case 0:
				b.set(r, c, most)
			case most:
				b.set(r, c, colour)
			}
		})
		return b
	}
}

// corner moves all to a corner.
func (m *ruleMaker) corner() rule {
	corner := m.IntN(4)
	return func(b board) board {
		top, left, bottom, right := b.side, b.side, 0, 0
		b.each(func(r, c int, own byte) {
			if own > 0 {
				top, left, bottom, right = min(top, r), min(left, c), max(bottom, r), max(right, c)
			}
		})
		dr, dc := top, left
		if corner&1 > 0 {
			dr = bottom - b.side + 1
		}
		if corner&2 > 0 {
			dc = right - b.side + 1
		}
		return b.transform(func(r, c int) (int, int) { return r + dr, c + dc })
	}
}

// repeat goes on with the first rows or columns.
func (m *ruleMaker) repeat() rule {
	period, columns := 1+m.IntN(2), m.IntN(2) == 0
	return func(b board) board {
		return b.transform(func(r, c int) (int, int) {
			if columns {
				return r, c % period
			}
			return r % period, c
		})
	}
}

// condition does one step or another, by what the grid has more of.
func (m *ruleMaker) condition() rule {
	steps := []func() rule{m.turn, m.recolour, m.gravity, m.fill, m.lines}
	yes, no := steps[m.IntN(len(steps))](), steps[m.IntN(len(steps))]()
	kind, colour := m.IntN(3), m.colour()
	return func(b board) board {
		n := b.counts()
		if [...]bool{2*n[0] > len(b.cells), len(b.objects()) > 2, b.most() > colour}[kind] {
			return yes(b)
		}
		return no(b)
	}
}

// halves compares the left half with the right one, and says where both, one or none has
// a cell.
func (m *ruleMaker) halves() rule {
	colour, kind := m.colour(), m.IntN(3)
	return func(b board) board {
		half := b.side / 2
		out := newBoard(b.side)
		for r := range b.side {
			for c := range half {
				x, y := b.at(r, c) > 0, b.at(r, b.side-half+c) > 0
				if [...]bool{x && y, x != y, !x && !y}[kind] {
					out.set(r, c, colour)
				}
			}
		}
		return out
	}
}
