package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Gather against its definition, and Spread against its transpose: sums over the units
// of a candidate, whose number is that of its place among all.
func TestCandidates(t *testing.T) {
	for _, c := range []Candidates{{9, 3, 3, 32}, {9, 3, 3, 5}, {6, 2, 3, 8}, {4, 2, 2, 37}} {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(c.D)))
			n, d := c.Side, c.D
			x, checkX := fenced(t, rng, n*n*n*d)
			units, checkUnits := fenced(t, rng, c.Units())
			y, checkY := fenced(t, rng, len(x))
			sums, all := make([]float64, c.Units()), make([]float64, len(x))
			for i := range n * n * n {
				row, col, digit := i/n/n, i/n%n, i%n
				box := row/c.BoxRows*c.BoxRows + col/c.BoxCols
				for kind, unit := range []int{row*n + digit, col*n + digit, box*n + digit, row*n + col} {
					at := (kind*n*n + unit) * d
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
			checkX()
			checkY()
			checkUnits()
		})
	}
}
