package data

import "github.com/hrmgo/hrm/runtime/puzzle/sudoku"

// Canonical forms under all symmetries of a sudoku (see puzzle.Symmetry): two
// sudokus are equivalent when their canonical forms are equal.
//
// The form of a full grid is the lexicographically smallest that a symmetry
// makes of it. Its first row is 123456789. Its second row begins with 456
// when three digits of one row of a box stand together in another box of the
// band, and else with 457; that decides almost everything, so that for each
// choice of the two rows only 12 to 18 orders of columns are left to compare.

// form is a candidate for the smallest grid.
type form struct {
	cols  [9]uint8  // column of the grid that comes to each place
	digit [10]uint8 // new name of each digit
	band  int       // the band that comes first
	rows  [9]uint8
	first [3]uint8 // the order of rows in the first band
}

// canonizer searches for the smallest form of one full grid.
type canonizer struct {
	best  Grid
	pure  bool // the second row begins with 456
	found bool
	// tie is called with every symmetry that makes the smallest form so far;
	// reset says that all earlier ones were larger.
	tie func(g *Grid, f *form, reset bool)
	all [2]Grid
}

// CanonicalSolution returns the canonical form of a full grid.
func CanonicalSolution(full *Grid) Grid {
	c := canonizer{}
	return c.run(full)
}

// Canonical returns the canonical form of a sudoku whose only solution is
// given: the smallest that the symmetries make of it which turn the solution
// into its canonical form.
func Canonical(question, solution *Grid) Grid {
	var best Grid
	both := [2]Grid{*question, transpose(question)}
	c := canonizer{}
	c.tie = func(g *Grid, f *form, reset bool) {
		q := &both[0]
		if g == &c.all[1] {
			q = &both[1]
		}
		var out Grid
		for r := range 9 {
			for k := range 9 {
				out[9*r+k] = f.digit[q[9*int(f.rows[r])+int(f.cols[k])]]
			}
		}
		if reset || less(&out, &best) {
			best = out
		}
	}
	c.run(solution)
	return best
}

func transpose(g *Grid) (t Grid) {
	for i, d := range g {
		t[i%9*9+i/9] = d
	}
	return t
}

func less(a, b *Grid) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func (c *canonizer) run(full *Grid) Grid {
	c.all = [2]Grid{*full, transpose(full)}
	for t := range c.all {
		for r := range 9 {
			for k := 1; k < 3; k++ {
				c.rowPair(&c.all[t], r, r/3*3+(r+k)%3)
			}
		}
	}
	return c.best
}

// rowPair tries the forms whose first rows are r1 and r2 of a band.
func (c *canonizer) rowPair(g *Grid, r1, r2 int) {
	var stack [10]uint8 // of each digit in the first row
	for k := range 9 {
		stack[g[9*r1+k]] = uint8(k / 3)
	}
	for s := range 3 {
		// in is the stacks of the first row from which stack s of the second
		// row takes its digits.
		var in [3]uint8
		for i := range 3 {
			in[i] = stack[g[9*r2+3*s+i]]
		}
		pure := in[0] == in[1] && in[1] == in[2]
		switch {
		case pure && !c.pure:
			c.pure, c.found = true, false
			c.pureForms(g, r1, r2, s, int(in[0]))
		case pure:
			c.pureForms(g, r1, r2, s, int(in[0]))
		case !c.pure:
			c.mixedForms(g, r1, r2, s, in)
		}
	}
}

var orders3 = [6][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

// pureForms has stack s first and stack t, which holds its second row's
// digits in the first row, second: 6 orders of the columns of s decide all.
func (c *canonizer) pureForms(g *Grid, r1, r2, s, t int) {
	u := 3 - s - t
	for _, o := range orders3 {
		f := form{band: r1 / 3}
		for i, k := range o {
			f.cols[i] = uint8(3*s + k)
			// 4, 5, 6 under 1, 2, 3 puts the digit's own column at 3+i, and
			// likewise 7, 8, 9 under 4, 5, 6.
			f.cols[3+i] = columnOf(g, r1, t, g[9*r2+3*s+k])
		}
		for i := range 3 {
			f.cols[6+i] = columnOf(g, r1, u, g[9*r2+int(f.cols[3+i])])
		}
		c.try(g, &f, r1, r2)
	}
}

// columnOf returns the column of a digit in a row, within a stack.
func columnOf(g *Grid, row, stack int, digit uint8) uint8 {
	for k := 3 * stack; k < 3*stack+3; k++ {
		if g[9*row+k] == digit {
			return uint8(k)
		}
	}
	return 0
}

// mixedForms has stack s first, whose second row takes two digits from stack
// t, put second, and one from stack u: 4 5 7 under 1 2 3. Free are the order
// of the two, and of the two other columns of u.
func (c *canonizer) mixedForms(g *Grid, r1, r2, s int, in [3]uint8) {
	odd := 0 // the place in s whose digit comes from u
	for in[(odd+1)%3] != in[(odd+2)%3] {
		odd++
	}
	t, u := int(in[(odd+1)%3]), int(in[odd])
	for flip := range 2 {
		a, b := (odd+1+flip)%3, (odd+2-flip)%3
		f := form{band: r1 / 3}
		f.cols[0], f.cols[1], f.cols[2] = uint8(3*s+a), uint8(3*s+b), uint8(3*s+odd)
		f.cols[3] = columnOf(g, r1, t, g[9*r2+3*s+a])
		f.cols[4] = columnOf(g, r1, t, g[9*r2+3*s+b])
		f.cols[5] = uint8(9*t+3) - f.cols[3] - f.cols[4]
		f.cols[6] = columnOf(g, r1, u, g[9*r2+3*s+odd])
		rest := uint8(9*u+3) - f.cols[6]
		for k := uint8(3 * u); k < uint8(3*u+3); k++ {
			if k != f.cols[6] {
				f.cols[7], f.cols[8] = k, rest-k
				c.try(g, &f, r1, r2)
			}
		}
	}
}

// try completes a form and compares it, row by row, with the smallest.
func (c *canonizer) try(g *Grid, f *form, r1, r2 int) {
	for k, col := range f.cols {
		f.digit[g[9*r1+int(col)]] = uint8(k + 1)
	}
	f.first = [3]uint8{uint8(r1), uint8(r2), uint8(9*f.band + 3 - r1 - r2)}
	f.orderRows(g)
	var out Grid
	smaller := !c.found
	for r := 1; r < 9; r++ {
		for k, col := range f.cols {
			d := f.digit[g[9*int(f.rows[r])+int(col)]]
			if out[9*r+k] = d; !smaller && d != c.best[9*r+k] {
				if d > c.best[9*r+k] {
					return
				}
				smaller = true
			}
		}
	}
	if smaller {
		copy(out[:9], []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9})
		c.best, c.found = out, true
	}
	if c.tie != nil {
		c.tie(g, f, smaller)
	}
}

// orderRows sorts rows in the two other bands, and those bands, by the digit
// in the first column.
func (f *form) orderRows(g *Grid) {
	copy(f.rows[:3], f.first[:])
	head := func(r uint8) uint8 { return f.digit[g[9*int(r)+int(f.cols[0])]] }
	at := 3
	for b := range 3 {
		if b == f.band {
			continue
		}
		rows := [3]uint8{uint8(3 * b), uint8(3*b + 1), uint8(3*b + 2)}
		for _, s := range [3][2]int{{0, 1}, {1, 2}, {0, 1}} {
			if head(rows[s[0]]) > head(rows[s[1]]) {
				rows[s[0]], rows[s[1]] = rows[s[1]], rows[s[0]]
			}
		}
		copy(f.rows[at:], rows[:])
		at += 3
	}
	if head(f.rows[3]) > head(f.rows[6]) {
		b := [3]uint8(f.rows[3:6])
		copy(f.rows[3:6], f.rows[6:9])
		copy(f.rows[6:9], b[:])
	}
}

// Filter leaves out sudokus that are equivalent to others.
type Filter struct {
	seen   map[Grid]bool // canonical questions
	banned map[Grid]bool // canonical solutions
}

// NewFilter returns a filter that knows nothing.
func NewFilter() *Filter {
	return &Filter{seen: map[Grid]bool{}, banned: map[Grid]bool{}}
}

// Ban leaves out every sudoku whose solution is equivalent to that of one in
// the set, which leaves out the sudokus themselves and all that share a
// solution with them.
func (f *Filter) Ban(s *Set) {
	for i := range s.Len() {
		full := sudoku.Of(s.Label(i))
		f.banned[CanonicalSolution(&full)] = true
	}
}

// Keep reports whether a sudoku may stay, and remembers it: the next one that
// is equivalent may not.
func (f *Filter) Keep(question, solution *Grid) bool {
	if len(f.banned) > 0 && f.banned[CanonicalSolution(solution)] {
		return false
	}
	form := Canonical(question, solution)
	if f.seen[form] {
		return false
	}
	f.seen[form] = true
	return true
}
