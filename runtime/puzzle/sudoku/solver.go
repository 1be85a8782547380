// Package sudoku is the exact solver of sudokus: it finds out whether one has
// no solution, one or several, and rates how hard that was.
package sudoku

import (
	"math/bits"
	"math/rand/v2"
)

// Grid is a sudoku: digits 1 to 9 row by row, 0 for a blank.
type Grid [81]uint8

// Of returns the grid of [81] tokens; padding and blank become 0.
func Of[T uint8 | int32](tokens []T) (g Grid) {
	for i := range g {
		if t := tokens[i]; t >= 2 && t <= 10 {
			g[i] = uint8(t - 1)
		}
	}
	return g
}

// Tokens returns the grid's [81] tokens.
func (g *Grid) Tokens() []int32 {
	tokens := make([]int32, 81)
	for i, d := range g {
		tokens[i] = int32(d) + 1
	}
	return tokens
}

// Clues returns the number of cells that are not blank.
func (g *Grid) Clues() (n int) {
	for _, d := range g {
		if d != 0 {
			n++
		}
	}
	return n
}

// band masks hold 27 cells, bit 9*row + column, rows 0 to 2 of the band.
const (
	bandCells = 1<<27 - 1
	everyRow  = 1 | 1<<9 | 1<<18 // times a mask of 9 columns
)

// state is what is still possible.
type state struct {
	cand [9][3]uint32 // of each digit in each band
	open [3]uint32    // cells without a digit
}

// Tables of the propagation.
var (
	// allowed[p] is the union of the permutation matrices within the 3 x 3
	// matrix p: where a digit can stand, as a triple of row and box (or of
	// column and box), when it stands once in each. 0: nowhere.
	allowed = func() (t [512]uint16) {
		for p := range t {
			for _, m := range []uint16{0o124, 0o142, 0o214, 0o241, 0o412, 0o421} {
				if m&uint16(p) == m {
					t[p] |= m
				}
			}
		}
		return t
	}()
	// triples[r] is which of the three triples of a row hold a candidate.
	triples = func() (t [512]uint16) {
		for r := range t {
			for s := range 3 {
				if r>>(3*s)&7 != 0 {
					t[r] |= 1 << s
				}
			}
		}
		return t
	}()
	// spread[m] is the three cells of every triple in m.
	spread = func() (t [512]uint32) {
		for m := range t {
			for k := range 9 {
				if m>>k&1 != 0 {
					t[m] |= 7 << (3 * k)
				}
			}
		}
		return t
	}()
	// rivals[p] is the cells of the own band that see bit p, without p.
	rivals = func() (t [27]uint32) {
		for p := range t {
			col, row, box := uint32(everyRow)<<(p%9), uint32(0x1ff)<<(p/9*9), uint32(7*everyRow)<<(p%9/3*3)
			t[p] = (col | row | box) &^ (1 << p)
		}
		return t
	}()
)

// newState places the digits of a grid, without thinking further.
func newState(g *Grid) (s state, ok bool) {
	for d := range s.cand {
		s.cand[d] = [3]uint32{bandCells, bandCells, bandCells}
	}
	s.open = [3]uint32{bandCells, bandCells, bandCells}
	for i, d := range g {
		if d == 0 {
			continue
		}
		if s.cand[d-1][i/27]>>(i%27)&1 == 0 {
			return s, false
		}
		s.place(int(d-1), i/27, i%27)
	}
	return s, true
}

// place puts digit d, from 0, into bit p of a band.
func (s *state) place(d, band, p int) {
	bit := uint32(1) << p
	for e := range s.cand {
		s.cand[e][band] &^= bit
	}
	column := uint32(everyRow) << (p % 9)
	x := &s.cand[d]
	x[0] &^= column
	x[1] &^= column
	x[2] &^= column
	x[band] = x[band]&^rivals[p] | bit
	s.open[band] &^= bit
}

// propagate draws conclusions until there are none: naked singles, hidden
// singles, and candidates locked in a triple. It reports false at a
// contradiction.
func (s *state) propagate() bool {
	for {
		placed, ok := s.nakedSingles()
		if !ok {
			return false
		}
		if placed {
			continue
		}
		for d := range s.cand {
			changed, ok := s.digit(d)
			if !ok {
				return false
			}
			placed = placed || changed
		}
		if !placed {
			return true
		}
	}
}

// nakedSingles fills the cells that have one candidate left.
func (s *state) nakedSingles() (placed, ok bool) {
	for b := range 3 {
		var one, two uint32
		for d := range s.cand {
			x := s.cand[d][b]
			two |= one & x
			one |= x
		}
		if one != bandCells {
			return false, false
		}
		for single := one &^ two & s.open[b]; single != 0; single &= single - 1 {
			p := bits.TrailingZeros32(single)
			d := 0
			for d < 9 && s.cand[d][b]>>p&1 == 0 {
				d++
			}
			if d == 9 { // taken by a single of the same unit just placed
				return false, false
			}
			s.place(d, b, p)
			placed = true
		}
	}
	return placed, true
}

// digit restricts one digit to what its triples allow, and places its hidden
// singles.
func (s *state) digit(d int) (changed, ok bool) {
	x := &s.cand[d]
	if (x[0]&s.open[0])|(x[1]&s.open[1])|(x[2]&s.open[2]) == 0 {
		return false, onceInEveryRow(x)
	}
	for {
		before := *x
		if !lockRows(x) || !lockColumns(x) {
			return false, false
		}
		if *x == before {
			break
		}
		changed = true
	}
	return s.hiddenSingles(d) || changed, true
}

func onceInEveryRow(x *[3]uint32) bool {
	for _, b := range x {
		if b&0x1ff == 0 || b&(0x1ff<<9) == 0 || b&(0x1ff<<18) == 0 {
			return false
		}
	}
	return true
}

// lockRows keeps the triples of a row and a box that can hold the digit.
func lockRows(x *[3]uint32) bool {
	for b, c := range x {
		p := triples[c&0x1ff] | triples[c>>9&0x1ff]<<3 | triples[c>>18&0x1ff]<<6
		a := allowed[p]
		if a == 0 {
			return false
		}
		x[b] = c & spread[a]
	}
	return true
}

// lockColumns keeps the triples of a column and a box that can.
func lockColumns(x *[3]uint32) bool {
	var cols [3]uint32
	for b, c := range x {
		cols[b] = (c | c>>9 | c>>18) & 0x1ff
	}
	var keep [3]uint32
	for stack := 0; stack < 9; stack += 3 {
		p := cols[0]>>stack&7 | cols[1]>>stack&7<<3 | cols[2]>>stack&7<<6
		a := uint32(allowed[p])
		if a == 0 {
			return false
		}
		keep[0] |= a & 7 << stack
		keep[1] |= a >> 3 & 7 << stack
		keep[2] |= a >> 6 << stack
	}
	for b := range x {
		x[b] &= keep[b] * everyRow
	}
	return true
}

// hiddenSingles places digit d where a row, box or column has one cell left.
func (s *state) hiddenSingles(d int) (placed bool) {
	var one, two uint32 // columns
	for b := range 3 {
		c := s.cand[d][b]
		singles := singleRows(c) | singleBoxes(c)
		for row := 0; row < 27; row += 9 {
			r := c >> row & 0x1ff
			two |= one & r
			one |= r
		}
		for singles &= s.open[b]; singles != 0; singles &= singles - 1 {
			s.place(d, b, bits.TrailingZeros32(singles))
			placed = true
		}
	}
	if placed {
		return true
	}
	columns := (one &^ two) * everyRow
	for b := range 3 {
		for singles := columns & s.cand[d][b] & s.open[b]; singles != 0; singles &= singles - 1 {
			s.place(d, b, bits.TrailingZeros32(singles))
			placed = true
		}
	}
	return placed
}

func singleRows(c uint32) (out uint32) {
	for m := uint32(0x1ff); m <= 0x1ff<<18; m <<= 9 {
		if r := c & m; r&(r-1) == 0 {
			out |= r
		}
	}
	return out
}

func singleBoxes(c uint32) (out uint32) {
	for m := uint32(7 * everyRow); m < 1<<27; m <<= 3 {
		if r := c & m; r&(r-1) == 0 {
			out |= r
		}
	}
	return out
}

// branch returns the open cell to guess in: of the cells with two candidates
// the one with the highest score, or else one with the fewest candidates. ok
// is false when no cell is open.
func (s *state) branch() (band, p int, ok bool) {
	pairs := s.pairs()
	best := -1
	for b, m := range pairs {
		for ; m != 0; m &= m - 1 {
			q := bits.TrailingZeros32(m)
			if score := s.score(b, q, &pairs); score > best {
				best, band, p = score, b, q
			}
		}
	}
	if best >= 0 {
		return band, p, true
	}
	for b, open := range s.open {
		if open != 0 {
			return b, s.fewest(b, open), true
		}
	}
	return 0, 0, false
}

// pairs returns the open cells with two candidates.
func (s *state) pairs() (out [3]uint32) {
	for b := range out {
		var one, two, three uint32
		for d := range s.cand {
			x := s.cand[d][b]
			three |= two & x
			two |= one & x
			one |= x
		}
		out[b] = two &^ three & s.open[b]
	}
	return out
}

// score is how much a guess in a cell would decide: the candidates it would
// remove, those in cells with two candidates counting three times.
func (s *state) score(band, p int, pairs *[3]uint32) (n int) {
	column := uint32(everyRow) << (p % 9)
	seen := [3]uint32{column, column, column}
	seen[band] = rivals[p]
	for d := range s.cand {
		if s.cand[d][band]>>p&1 == 0 {
			continue
		}
		for b, m := range seen {
			m &= s.cand[d][b]
			n += bits.OnesCount32(m) + 2*bits.OnesCount32(m&pairs[b])
		}
	}
	return n
}

// fewest returns the cell of a band with the fewest candidates.
func (s *state) fewest(b int, cells uint32) (best int) {
	n := 10
	for ; cells != 0; cells &= cells - 1 {
		p := bits.TrailingZeros32(cells)
		count := 0
		for d := range s.cand {
			count += int(s.cand[d][b] >> p & 1)
		}
		if count < n {
			n, best = count, p
		}
	}
	return best
}

// grid returns the digits placed.
func (s *state) grid() (g Grid) {
	for d := range s.cand {
		for b, x := range s.cand[d] {
			for x &^= s.open[b]; x != 0; x &= x - 1 {
				g[27*b+bits.TrailingZeros32(x)] = uint8(d + 1)
			}
		}
	}
	return g
}

// Solution is what a search found.
type Solution struct {
	Grid    Grid // the last solution found
	Count   int  // solutions, at most the limit
	Guesses int  // cells in which a digit had to be tried
	Cut     bool // the search ended at its bound of guesses: there may be more solutions
}

// Search is a search for solutions by backtracking over naked and hidden
// singles and locked candidates.
type Search struct {
	Limit   int        // of solutions, after which it ends
	Guesses int        // after which it gives up; 0: never
	Rand    *rand.Rand // tries digits in random order; nil: in theirs
}

// Run searches for the solutions of a grid.
func (o Search) Run(g *Grid) Solution {
	var out Solution
	if s, ok := newState(g); ok {
		s.search(&out, &o)
	}
	return out
}

func (s *state) search(out *Solution, o *Search) {
	if !s.propagate() {
		return
	}
	b, p, ok := s.branch()
	if !ok {
		out.Count++
		out.Grid = s.grid()
		return
	}
	if o.Guesses > 0 && out.Guesses >= o.Guesses {
		out.Cut = true
		return
	}
	out.Guesses++
	start := 0
	if o.Rand != nil {
		start = o.Rand.IntN(9)
	}
	for k := range 9 {
		d := (start + k) % 9
		if s.cand[d][b]>>p&1 == 0 {
			continue
		}
		next := *s
		next.place(d, b, p)
		next.search(out, o)
		if out.Count >= o.Limit || out.Cut {
			return
		}
	}
}

// Solve searches for up to limit solutions.
func Solve(g *Grid, limit int) Solution { return Search{Limit: limit}.Run(g) }

// Unique reports whether a grid has exactly one solution.
func Unique(g *Grid) bool { return Solve(g, 2).Count == 1 }

// Rate returns the difficulty of a sudoku: half the guesses that the search
// needs to find its solution and to prove that there is no other, which is
// what finding it takes on average. On hard puzzles the mean is close to that
// of the tdoku solver's count, the rating of published collections.
func Rate(g *Grid) int { return Solve(g, 2).Guesses / 2 }
