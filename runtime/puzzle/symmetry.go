package puzzle

import "math/rand/v2"

// Symmetry is one of the 2 * 6^8 * 9! transformations that turn a sudoku into
// an equivalent one: transposition, permutations of bands, of stacks, of rows
// in a band and of columns in a stack, and a permutation of the digits.
//
//	dst[i] = Token[src[From[i]]]
type Symmetry struct {
	From  [SudokuCells]uint8 // the cell that comes to each cell
	Token [11]uint8          // what becomes of each token; padding and blank stay
}

// Identity returns the symmetry that changes nothing.
func Identity() Symmetry {
	var s Symmetry
	for i := range s.From {
		s.From[i] = uint8(i)
	}
	for t := range s.Token {
		s.Token[t] = uint8(t)
	}
	return s
}

// RandomSymmetry draws a symmetry, each with the same probability. Nothing is
// allocated.
func RandomSymmetry(rng *rand.Rand) Symmetry {
	s := Identity()
	shuffle(rng, s.Token[2:])
	rows, cols := lines9(rng), lines9(rng)
	transpose := rng.Uint32()&1 == 1
	for r := range 9 {
		for c := range 9 {
			from := rows[r]*9 + cols[c]
			if transpose {
				from = cols[c]*9 + rows[r]
			}
			s.From[r*9+c] = from
		}
	}
	return s
}

// lines9 draws an order of nine rows or columns that keeps threes together.
func lines9(rng *rand.Rand) (order [9]uint8) {
	bands := [3]uint8{0, 1, 2}
	shuffle(rng, bands[:])
	for b, from := range bands {
		in := [3]uint8{0, 1, 2}
		shuffle(rng, in[:])
		for i, k := range in {
			order[b*3+i] = from*3 + k
		}
	}
	return order
}

func shuffle(rng *rand.Rand, s []uint8) {
	for i := len(s) - 1; i > 0; i-- {
		j := rng.IntN(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

// Apply sets dst to the transformed src, both [81] tokens below 11, which must
// not overlap.
func (s *Symmetry) Apply(dst, src []int32) {
	for i, from := range s.From {
		dst[i] = int32(s.Token[src[from]])
	}
}

// ApplyLogits sets dst to the transformed src, both [81, 11] with a column for
// each token, which must not overlap. Further columns of dst stay.
func (s *Symmetry) ApplyLogits(dst, src []float32) {
	vocab := len(src) / SudokuCells
	for i, from := range s.From {
		for t, to := range s.Token {
			dst[i*vocab+int(to)] = src[int(from)*vocab+t]
		}
	}
}

// Augment implements Augmenter by a RandomSymmetry.
func (Sudoku) Augment(rng *rand.Rand, question, answer []int32) {
	s := RandomSymmetry(rng)
	for _, grid := range [2][]int32{question, answer} {
		var src [SudokuCells]int32
		copy(src[:], grid)
		for i, from := range s.From {
			if grid[i] = src[from]; grid[i] >= 0 {
				grid[i] = int32(s.Token[grid[i]])
			}
		}
	}
}

// Inverse returns the symmetry that undoes s.
func (s *Symmetry) Inverse() Symmetry {
	var inv Symmetry
	for i, from := range s.From {
		inv.From[from] = uint8(i)
	}
	for t, to := range s.Token {
		inv.Token[to] = uint8(t)
	}
	return inv
}
