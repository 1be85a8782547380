package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Gather and Turn against their definitions, Spread and TurnBack against the transposes.
func TestColours(t *testing.T) {
	for _, c := range []Colours{{5, 5, 11, 32}, {3, 4, 11, 5}, {1, 6, 3, 8}, {4, 1, 2, 37}, {2, 2, 1, 16}} {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(c.D)))
			d := c.D
			x, checkX := fenced(t, rng, c.Rows*c.Cols*c.Symbols*d)
			units, checkUnits := fenced(t, rng, c.Units())
			y, checkY := fenced(t, rng, len(x))
			sums, all := make([]float64, c.Units()), make([]float64, len(x))
			first := [4]int{0, c.Rows * c.Symbols, (c.Rows + c.Cols) * c.Symbols, (c.Rows + c.Cols + 1) * c.Symbols}
			for i := range len(x) / d {
				cell, s := i/c.Symbols, i%c.Symbols
				for kind, unit := range []int{cell/c.Cols*c.Symbols + s, cell%c.Cols*c.Symbols + s, s, cell} {
					at := (first[kind] + unit) * d
					for j := range d {
						sums[at+j] += float64(x[i*d+j])
						all[i*d+j] += float64(units[at+j])
					}
				}
			}
			c.Spread(y, units)
			closeTo(t, "spread", y, all, rowTol)
			c.Gather(units, x)
			closeTo(t, "gather", units, sums, rowTol)
			for kind, of := range []int{c.Cols, c.Rows, c.Rows * c.Cols, c.Symbols} {
				lo, hi := c.Unit(kind)
				for i := lo; i < hi; i++ {
					sums[i] /= float64(of)
				}
			}
			c.Average(units)
			closeTo(t, "average", units, sums, rowTol)
			checkX()
			checkY()
			checkUnits()
		})
	}
}

func TestColoursTurn(t *testing.T) {
	for _, c := range []Colours{{5, 5, 3, 16}, {3, 4, 2, 5}, {1, 1, 2, 8}} {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(4, uint64(c.D)))
			d := c.D
			x, checkX := fenced(t, rng, c.Rows*c.Cols*c.Symbols*d)
			turns, checkTurns := fenced(t, rng, c.Turns())
			back, want := make([]float64, len(x)), make([]float64, c.Turns())
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
				for g, flip := range flips {
					if g >= 3 && c.Rows != c.Cols {
						continue
					}
					r, k := flip(i/c.Symbols/c.Cols, i/c.Symbols%c.Cols)
					from := ((r*c.Cols+k)*c.Symbols + i%c.Symbols) * d
					for j := range d {
						want[(i*NumTurns+g)*d+j] = float64(x[from+j])
						back[from+j] += float64(turns[(i*NumTurns+g)*d+j])
					}
				}
			}
			y := append([]float32(nil), x...)
			c.TurnBack(y, turns)
			closeTo(t, "turn back", y, back, rowTol)
			c.Turn(turns, x)
			closeTo(t, "turn", turns, want, 0)
			checkX()
			checkTurns()
		})
	}
}
