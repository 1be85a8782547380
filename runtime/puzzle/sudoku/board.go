package sudoku

import (
	"math/bits"
	"math/rand/v2"
	"sync"

	"github.com/hrmgo/hrm/internal/boxes"
)

// MaxSide is the largest side of a Board.
const MaxSide = 25

// Boxes returns the size of a box of a sudoku with sides of n cells, which has n of
// them, as near to squares as can be and lying down (6 x 6: 2 x 3). ok is false where
// there are none but rows, 1 x n.
func Boxes(n int) (rows, cols int, ok bool) { return boxes.Of(n) }

// HasBoxes reports the side of a Board.
func HasBoxes(side int) bool {
	_, _, ok := Boxes(side)
	return ok && side <= MaxSide
}

// Board is a sudoku of any side up to MaxSide that has boxes: digits 1 to Side row by
// row, 0 for a blank.
type Board struct {
	Side  int
	Cells []uint8 // [Side * Side]
}

// NewBoard returns an empty board. It panics where a side has no boxes.
func NewBoard(side int) Board {
	if !HasBoxes(side) {
		panic("sudoku: a board without boxes, or too large")
	}
	return Board{side, make([]uint8, side*side)}
}

// BoardOf returns the board of [side * side] tokens; padding and blank become 0.
func BoardOf[T uint8 | int32](side int, tokens []T) Board {
	b := NewBoard(side)
	for i := range b.Cells {
		if t := int(tokens[i]); t >= 2 && t <= side+1 {
			b.Cells[i] = uint8(t - 1)
		}
	}
	return b
}

// Tokens returns the board's tokens.
func (b *Board) Tokens() []int32 {
	tokens := make([]int32, len(b.Cells))
	for i, d := range b.Cells {
		tokens[i] = int32(d) + 1
	}
	return tokens
}

// Clues returns the number of cells that are not blank.
func (b *Board) Clues() (n int) {
	for _, d := range b.Cells {
		if d != 0 {
			n++
		}
	}
	return n
}

// Clone returns a copy.
func (b *Board) Clone() Board { return Board{b.Side, append([]uint8(nil), b.Cells...)} }

// groups are the rows, columns and boxes of all boards of a side.
type groups struct {
	units [][]int16 // cells of each row, column and box
	peers [][]int16 // of each cell, those that it shares one with
}

var groupsOf [MaxSide + 1]struct {
	sync.Once
	groups
}

func groupsFor(n int) *groups {
	g := &groupsOf[n]
	g.Do(func() { g.groups = newGroups(n) })
	return &g.groups
}

func newGroups(n int) groups {
	g := groups{units: make([][]int16, 3*n), peers: make([][]int16, n*n)}
	h, w, _ := Boxes(n)
	of := func(i int) [3]int { return [3]int{i / n, n + i%n, 2*n + i/n/h*(n/w) + i%n/w} }
	for i := range n * n {
		for _, u := range of(i) {
			g.units[u] = append(g.units[u], int16(i))
		}
	}
	for i := range g.peers {
		seen := map[int16]bool{int16(i): true}
		for _, u := range of(i) {
			for _, j := range g.units[u] {
				if !seen[j] {
					seen[j] = true
					g.peers[i] = append(g.peers[i], j)
				}
			}
		}
	}
	return g
}

// BoardSolution is what a search on a Board found.
type BoardSolution struct {
	Board   Board // the last solution found
	Count   int   // solutions, at most the limit
	Guesses int   // cells in which a digit had to be tried
	Cut     bool  // the search ended at its bound of guesses: there may be more solutions
}

// RunBoard is Run for a sudoku of any side, by naked and hidden singles alone: slower
// than Run on 9 x 9.
func (o Search) RunBoard(b *Board) BoardSolution { return o.without(b, 0, 0) }

// Needs reports whether a sudoku with one solution would have others without the clue in
// a cell, or finding out takes more than so many guesses.
func (b *Board) Needs(cell, guesses int) bool {
	d := b.Cells[cell]
	b.Cells[cell] = 0
	s := Search{Limit: 1, Guesses: guesses}.without(b, cell, d)
	b.Cells[cell] = d
	return s.Count > 0 || s.Cut
}

// without is RunBoard for solutions that have another digit than d in a cell, 0 for any.
func (o Search) without(b *Board, cell int, d uint8) BoardSolution {
	s := boardSearch{Search: o, n: b.Side, g: groupsFor(b.Side)}
	may := make([]uint32, len(b.Cells))
	for i := range may {
		may[i] = 1<<b.Side - 1
	}
	for i, d := range b.Cells {
		if d != 0 && (may[i]>>(d-1)&1 == 0 || !s.put(may, i, int(d-1))) {
			return s.out
		}
	}
	if d > 0 {
		if may[cell] &^= 1 << (d - 1); may[cell] == 0 {
			return s.out
		}
		if m := may[cell]; m&(m-1) == 0 && !s.put(may, cell, bits.TrailingZeros32(m)) {
			return s.out
		}
	}
	s.search(may)
	return s.out
}

// boardSearch is a search under way. may holds the digits of each cell that are still
// possible, bit d for digit d+1.
type boardSearch struct {
	Search
	n     int
	g     *groups
	stack []int16 // cells with one digit left, whose peers are to be told
	out   BoardSolution
}

// put leaves one digit, from 0, in a cell, and draws the conclusions from cells that
// then have one left. It reports false at a contradiction.
func (s *boardSearch) put(may []uint32, cell, digit int) bool {
	may[cell] = 1 << digit
	s.stack = append(s.stack[:0], int16(cell))
	for len(s.stack) > 0 {
		at := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		bit := may[at]
		for _, p := range s.g.peers[at] {
			if may[p]&bit == 0 {
				continue
			}
			if may[p] &^= bit; may[p] == 0 {
				return false
			}
			if may[p]&(may[p]-1) == 0 {
				s.stack = append(s.stack, p)
			}
		}
	}
	return true
}

// hidden puts digits that have one cell left in a row, column or box, until there are
// none. It reports false at a contradiction.
func (s *boardSearch) hidden(may []uint32) bool {
	for again := true; again; {
		again = false
		for _, unit := range s.g.units {
			var one, two uint32
			for _, c := range unit {
				two |= one & may[c]
				one |= may[c]
			}
			if one != 1<<s.n-1 {
				return false
			}
			for _, c := range unit {
				only := may[c] &^ two
				if only == 0 || may[c] == only && only&(only-1) == 0 {
					continue
				}
				if only&(only-1) != 0 || !s.put(may, int(c), bits.TrailingZeros32(only)) {
					return false // two digits of one cell have no other
				}
				again = true
			}
		}
	}
	return true
}

func (s *boardSearch) search(may []uint32) {
	if !s.hidden(may) {
		return
	}
	cell := s.fewest(may)
	if cell < 0 {
		s.out.Count++
		s.out.Board = Board{s.n, make([]uint8, len(may))}
		for i, m := range may {
			s.out.Board.Cells[i] = uint8(bits.TrailingZeros32(m) + 1)
		}
		return
	}
	if s.Guesses > 0 && s.out.Guesses >= s.Guesses {
		s.out.Cut = true
		return
	}
	s.out.Guesses++
	start := 0
	if s.Rand != nil {
		start = s.Rand.IntN(s.n)
	}
	next := make([]uint32, len(may))
	for k := range s.n {
		d := (start + k) % s.n
		if may[cell]>>d&1 == 0 {
			continue
		}
		if copy(next, may); s.put(next, cell, d) {
			s.search(next)
		}
		if s.out.Count >= s.Limit || s.out.Cut {
			return
		}
	}
}

// fewest returns a cell with the fewest digits left, but more than one; with Rand a
// random one of them. -1: all have one.
func (s *boardSearch) fewest(may []uint32) int {
	best, least, ties := -1, MaxSide+1, 0
	for i, m := range may {
		n := bits.OnesCount32(m)
		switch {
		case n < 2 || n > least:
		case n < least:
			best, least, ties = i, n, 1
		case s.Rand != nil:
			if ties++; s.Rand.IntN(ties) == 0 {
				best = i
			}
		}
	}
	return best
}

// RandomBoard returns a full board.
func RandomBoard(side int, rng *rand.Rand) Board {
	for {
		start := NewBoard(side)
		for i, d := range rng.Perm(side) {
			start.Cells[i] = uint8(d + 1)
		}
		if s := (Search{Limit: 1, Guesses: 40 * side, Rand: rng}).RunBoard(&start); s.Count == 1 {
			return s.Board
		}
	}
}
