package data

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// GenerateARC returns n made tasks on square grids, whose rules are drawn from a small
// language: grids are moved, turned, mirrored, recoloured, filled, framed, connected,
// sorted or counted, and half of the rules are one such step after another. They are no
// tasks of the corpus; a model that has learned many of them has seen what rules are
// like. Each has a test beside its demonstrations. The same arguments give the same tasks.
func GenerateARC(n, demonstrations, side int, seed uint64) ([]puzzle.ARCTask, error) {
	if n < 0 || demonstrations < 1 || side < 3 || side > puzzle.ARCSide {
		return nil, fmt.Errorf("%w: %d tasks of %d demonstrations with a side of %d, want a side of 3 to %d", ErrData, n, demonstrations, side, puzzle.ARCSide)
	}
	tasks := make([]puzzle.ARCTask, 0, n)
	for draw := uint64(0); len(tasks) < n; draw++ {
		m := ruleMaker{Rand: rand.New(rand.NewPCG(seed, mix(draw+1))), side: side}
		if pairs := m.pairs(demonstrations + 1); pairs != nil {
			tasks = append(tasks, puzzle.ARCTask{
				ID: fmt.Sprintf("rule-%d-%06d", seed, len(tasks)), Split: "training", Train: pairs[:demonstrations], Test: pairs[demonstrations:],
			})
		}
	}
	return tasks, nil
}

// board is a square grid of colours, row by row; 0 is black.
type board struct {
	side  int
	cells []byte
}

func newBoard(side int) board { return board{side, make([]byte, side*side)} }

func (b board) clone() board { return board{b.side, bytes.Clone(b.cells)} }

func (b board) has(r, c int) bool { return r >= 0 && r < b.side && c >= 0 && c < b.side }

func (b board) at(r, c int) byte {
	if !b.has(r, c) {
		return 0
	}
	return b.cells[r*b.side+c]
}

func (b board) set(r, c int, colour byte) {
	if b.has(r, c) {
		b.cells[r*b.side+c] = colour
	}
}

// each calls f for every cell.
func (b board) each(f func(r, c int, colour byte)) {
	for i, colour := range b.cells {
		f(i/b.side, i%b.side, colour)
	}
}

// transform returns the board whose cell r, c is that of b at from(r, c).
func (b board) transform(from func(r, c int) (int, int)) board {
	out := newBoard(b.side)
	out.each(func(r, c int, _ byte) {
		fr, fc := from(r, c)
		out.set(r, c, b.at(fr, fc))
	})
	return out
}

// counts returns how often each colour occurs.
func (b board) counts() (n [10]int) {
	for _, c := range b.cells {
		n[c]++
	}
	return n
}

// most returns the commonest colour but black, the least one on a tie; 0 when all is black.
func (b board) most() (colour byte) {
	n := b.counts()
	for c := byte(1); c < 10; c++ {
		if n[c] > 0 && (colour == 0 || n[c] > n[colour]) {
			colour = c
		}
	}
	return colour
}

// object is the cells that hang together, by their sides, in one colour.
type object struct {
	colour byte
	cells  []int
}

func (b board) objects() (all []object) {
	seen := make([]bool, len(b.cells))
	for start, colour := range b.cells {
		if seen[start] || colour == 0 {
			continue
		}
		o := object{colour, []int{start}}
		seen[start] = true
		for k := 0; k < len(o.cells); k++ {
			r, c := o.cells[k]/b.side, o.cells[k]%b.side
			for _, d := range straight {
				if i := (r+d[0])*b.side + c + d[1]; b.has(r+d[0], c+d[1]) && !seen[i] && b.cells[i] == colour {
					seen[i] = true
					o.cells = append(o.cells, i)
				}
			}
		}
		all = append(all, o)
	}
	return all
}

var (
	straight = [][2]int{{1, 0}, {0, -1}, {0, 1}, {-1, 0}}
	diagonal = [][2]int{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}
)

// ruleMaker draws rules and grids for them.
type ruleMaker struct {
	*rand.Rand
	side int
}

// colour draws one but black.
func (m *ruleMaker) colour() byte { return byte(1 + m.IntN(9)) }

// pairs draws a rule and demonstrations of it, nil when it shows too little.
func (m *ruleMaker) pairs(n int) (pairs []puzzle.ARCPair) {
	source := m.source()
	rule := m.rule()
	if m.IntN(2) == 0 {
		first, second := rule, m.rule()
		rule = func(b board) board { return second(first(b)) }
	}
	same, blank := 0, 0
	for try := 0; len(pairs) < n && try < 4*n; try++ {
		in := source()
		out := rule(in.clone())
		p := puzzle.ARCPair{Input: m.grid(in), Output: m.grid(out)}
		known := false
		for _, q := range pairs {
			known = known || bytes.Equal(q.Input.Cells, p.Input.Cells)
		}
		if known || out.most() == 0 && blank > 0 {
			continue
		}
		if bytes.Equal(in.cells, out.cells) {
			same++
		}
		if out.most() == 0 {
			blank++
		}
		pairs = append(pairs, p)
	}
	if len(pairs) < n || 4*same > n || m.constant(pairs) {
		return nil
	}
	return pairs
}

// constant reports that the output is always the same.
func (m *ruleMaker) constant(pairs []puzzle.ARCPair) bool {
	for _, p := range pairs[1:] {
		if !bytes.Equal(p.Output.Cells, pairs[0].Output.Cells) {
			return false
		}
	}
	return len(pairs) > 1
}

func (m *ruleMaker) grid(b board) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: b.side, Cols: b.side, Cells: b.cells}
}

// source draws a kind of grids: what varies among the grids of a task is drawn anew
// for each, the rest once.
func (m *ruleMaker) source() func() board {
	kinds := []func() func() board{m.scattered, m.boxes, m.bars, m.dots, m.tiles}
	return kinds[m.IntN(len(kinds))]()
}

// palette draws up to n colours, of which grids draw theirs.
func (m *ruleMaker) palette(n int) []byte {
	p := make([]byte, 1+m.IntN(n))
	for i := range p {
		p[i] = m.colour()
	}
	return p
}

// scattered cells.
func (m *ruleMaker) scattered() func() board {
	p, share := m.palette(4), 0.1+0.5*m.Float64()
	return func() board {
		b := newBoard(m.side)
		for i := range b.cells {
			if m.Float64() < share {
				b.cells[i] = p[m.IntN(len(p))]
			}
		}
		b.cells[m.IntN(len(b.cells))] = p[0]
		return b
	}
}

// boxes are rectangles and lines, some hollow.
func (m *ruleMaker) boxes() func() board {
	p, most, hollow := m.palette(3), 1+m.IntN(3), m.IntN(3)
	return func() board {
		b := newBoard(m.side)
		for range 1 + m.IntN(most) {
			h, w := 1+m.IntN(4), 1+m.IntN(4)
			if hollow == 0 {
				h, w = 3+m.IntN(max(1, m.side-2)), 3+m.IntN(max(1, m.side-2))
			}
			h, w = min(h, m.side), min(w, m.side)
			r, c, colour := m.IntN(m.side-h+1), m.IntN(m.side-w+1), p[m.IntN(len(p))]
			for i := range h {
				for j := range w {
					if inner := i > 0 && j > 0 && i < h-1 && j < w-1; !inner || hollow > 1 {
						b.set(r+i, c+j, colour)
					}
				}
			}
		}
		return b
	}
}

// bars stand in the columns.
func (m *ruleMaker) bars() func() board {
	p := m.palette(5)
	return func() board {
		b := newBoard(m.side)
		for c := range m.side {
			colour := p[m.IntN(len(p))]
			for r := range m.IntN(m.side + 1) {
				b.set(m.side-1-r, c, colour)
			}
		}
		return b
	}
}

// dots are few.
func (m *ruleMaker) dots() func() board {
	p, most := m.palette(3), 1+m.IntN(4)
	return func() board {
		b := newBoard(m.side)
		for range 1 + m.IntN(most) {
			b.cells[m.IntN(len(b.cells))] = p[m.IntN(len(p))]
		}
		return b
	}
}

// tiles fill the grid.
func (m *ruleMaker) tiles() func() board {
	p := m.palette(4)
	p = append(p, m.colour())
	return func() board {
		b := newBoard(m.side)
		for i := range b.cells {
			b.cells[i] = p[m.IntN(len(p))]
		}
		return b
	}
}
