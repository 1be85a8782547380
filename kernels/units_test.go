package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Gather and Average against their definitions, and Spread against the transpose of
// Gather.
func TestUnits(t *testing.T) {
	type place struct{ unit, size int }
	sudoku := func(side, boxRows, boxCols int) func(i int) [4]place {
		return func(i int) [4]place {
			row, col, digit := i/side/side, i/side%side, i%side
			box := row/boxRows*boxRows + col/boxCols
			kind := side * side
			return [4]place{{row*side + digit, side}, {kind + col*side + digit, side}, {2*kind + box*side + digit, side}, {3*kind + row*side + col, side}}
		}
	}
	colours := func(rows, cols, symbols int) func(i int) [4]place {
		return func(i int) [4]place {
			cell, s := i/symbols, i%symbols
			return [4]place{
				{cell/cols*symbols + s, cols}, {(rows+cell%cols)*symbols + s, rows},
				{(rows+cols)*symbols + s, rows * cols}, {(rows+cols+1)*symbols + cell, symbols},
			}
		}
	}
	for name, c := range map[string]struct {
		units  *Units
		places func(i int) [4]place
	}{
		"sudoku 9":   {SudokuUnits(9, 3, 3, 32), sudoku(9, 3, 3)},
		"sudoku 6":   {SudokuUnits(6, 2, 3, 8), sudoku(6, 2, 3)},
		"sudoku 4":   {SudokuUnits(4, 2, 2, 37), sudoku(4, 2, 2)},
		"colours 55": {ColourUnits(5, 5, 11, 32), colours(5, 5, 11)},
		"colours 34": {ColourUnits(3, 4, 11, 5), colours(3, 4, 11)},
		"colours 16": {ColourUnits(1, 6, 3, 8), colours(1, 6, 3)},
		"colours 41": {ColourUnits(4, 1, 2, 37), colours(4, 1, 2)},
		"one colour": {ColourUnits(2, 2, 1, 16), colours(2, 2, 1)},
	} {
		eachCase(t, name, func(t *testing.T) {
			u := c.units
			rng := rand.New(rand.NewPCG(3, uint64(u.D)))
			x, checkX := fenced(t, rng, u.Cells*u.Symbols*u.D)
			units, checkUnits := fenced(t, rng, u.Len())
			y, checkY := fenced(t, rng, len(x))
			sums, means, all := make([]float64, u.Len()), make([]float64, u.Len()), make([]float64, len(x))
			for i := range x {
				for _, p := range c.places(i / u.D) {
					at := p.unit*u.D + i%u.D
					sums[at] += float64(x[i])
					means[at] += float64(x[i]) / float64(p.size)
					all[i] += float64(units[at])
				}
			}
			u.Spread(y, units)
			closeTo(t, "spread", y, all, rowTol)
			u.Gather(units, x)
			closeTo(t, "gather", units, sums, rowTol)
			u.Average(units)
			closeTo(t, "average", units, means, rowTol)
			checkX()
			checkY()
			checkUnits()
		})
	}
}

// Turn against its definition, and Back against the transpose.
func TestTurns(t *testing.T) {
	for _, c := range []Turns{{5, 5, 3, 16}, {3, 4, 2, 5}, {1, 1, 2, 8}} {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(4, uint64(c.D)))
			d := c.D
			x, checkX := fenced(t, rng, c.Rows*c.Cols*c.Symbols*d)
			turned, checkTurned := fenced(t, rng, c.Len())
			back, want := make([]float64, len(x)), make([]float64, c.Len())
			for i := range back {
				back[i] = float64(x[i])
			}
			flips := [...]func(r, k int) (int, int){
				func(r, k int) (int, int) { return c.Rows - 1 - r, k }, func(r, k int) (int, int) { return r, c.Cols - 1 - k },
				func(r, k int) (int, int) { return c.Rows - 1 - r, c.Cols - 1 - k }, func(r, k int) (int, int) { return k, r },
				func(r, k int) (int, int) { return k, c.Rows - 1 - r }, func(r, k int) (int, int) { return c.Cols - 1 - k, r },
				func(r, k int) (int, int) { return c.Cols - 1 - k, c.Rows - 1 - r },
			}
			for i := range len(x) / d {
				for way, flip := range flips {
					if way >= 3 && c.Rows != c.Cols {
						continue
					}
					r, k := flip(i/c.Symbols/c.Cols, i/c.Symbols%c.Cols)
					from := ((r*c.Cols+k)*c.Symbols + i%c.Symbols) * d
					for j := range d {
						at := (i*len(flips)+way)*d + j
						want[at] = float64(x[from+j])
						back[from+j] += float64(turned[at])
					}
				}
			}
			y := append([]float32(nil), x...)
			c.Back(y, turned)
			closeTo(t, "back", y, back, rowTol)
			c.Turn(turned, x)
			closeTo(t, "turn", turned, want, 0)
			checkX()
			checkTurned()
		})
	}
}

// Repeat against its definition, and RepeatBack against the transpose.
func TestRepeat(t *testing.T) {
	for _, c := range [][3]int{{4, 16, 11}, {9, 5, 3}, {1, 37, 1}} {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, uint64(c[1])))
			rows, d, times := c[0], c[1], c[2]
			x, checkX := fenced(t, rng, rows*d)
			y, checkY := fenced(t, rng, rows*d*times)
			want, back := make([]float64, len(y)), make([]float64, len(x))
			for i := range x {
				back[i] = float64(x[i])
			}
			for i := range y {
				from := i/d/times*d + i%d
				want[i] = float64(x[from])
				back[from] += float64(y[i])
			}
			dx := append([]float32(nil), x...)
			RepeatBack(dx, y, d, times)
			closeTo(t, "back", dx, back, rowTol)
			Repeat(y, x, d, times)
			closeTo(t, "repeat", y, want, 0)
			checkX()
			checkY()
		})
	}
}
