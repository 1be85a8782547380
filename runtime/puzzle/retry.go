package puzzle

import (
	"math"
	"math/rand/v2"
	"slices"
)

// maxGuesses of a further attempt; see RATIONALE.md for what was measured.
const maxGuesses = 3

// Retry returns another form of a sudoku that a model could not solve, for one
// more attempt: some blank cells filled as the model's logits [81, 11] suggest,
// all of it seen through a random symmetry. It is a search by guessing: with a
// right guess the puzzle is easier, with a wrong one the rules refuse the answer.
// back turns an answer to the form, and its logits where they are not nil, into
// those of the puzzle, in place.
//
// 1 to maxGuesses cells are filled. Each digit is drawn from the cell's
// probabilities p = softmax(logits) among the digits that no cell in its row,
// column and box holds, and the cell with a chance proportional to p.
func (Sudoku) Retry(tokens []int32, logits []float32, seed uint64) (form []int32, back func(answer []int32, logits []float32)) {
	rng := rand.New(rand.NewPCG(seed, 1))
	guessed := slices.Clone(tokens)
	for range 1 + rng.IntN(maxGuesses) {
		guess(guessed, logits, 9, 3, 3, rng)
	}
	s := RandomSymmetry(rng)
	form = make([]int32, SudokuCells)
	s.Apply(form, guessed)
	return form, s.Inverse().restore
}

// restore applies s in place.
func (s Symmetry) restore(answer []int32, logits []float32) {
	s.Apply(answer, slices.Clone(answer))
	if logits != nil {
		s.ApplyLogits(logits, slices.Clone(logits))
	}
}

// guess fills one blank cell of a sudoku of a side, with boxes of h x w, if there is one
// with a digit left. The logits may have columns for more digits than there are.
func guess(tokens []int32, logits []float32, side, h, w int, rng *rand.Rand) {
	vocab := len(logits) / len(tokens)
	cell, digit, best := -1, int32(0), math.Inf(-1)
	for c, t := range tokens {
		if t != SudokuBlank {
			continue
		}
		d, p := drawDigit(logits[c*vocab:][:side+2], peersHold(tokens, c, side, h, w), rng)
		if p == 0 {
			continue
		}
		if key := math.Log(p) + gumbel(rng); key > best {
			cell, digit, best = c, d, key
		}
	}
	if cell >= 0 {
		tokens[cell] = digit
	}
}

// drawDigit draws the token of a digit that is not taken for a cell, and returns its
// probability; 0 when none is free.
func drawDigit(logits []float32, taken uint32, rng *rand.Rand) (digit int32, p float64) {
	top, sum, best := float64(slices.Max(logits)), 0.0, math.Inf(-1)
	for t := int32(SudokuBlank + 1); int(t) < len(logits); t++ {
		l := float64(logits[t]) - top
		sum += math.Exp(l)
		if taken>>t&1 != 0 {
			continue
		}
		if key := l + gumbel(rng); key > best {
			digit, p, best = t, math.Exp(l), key
		}
	}
	if digit == 0 {
		return 0, 0
	}
	return digit, max(p/sum, math.SmallestNonzeroFloat64)
}

// peersHold tells which tokens the row, column and box of a cell hold, bit t for t.
func peersHold(tokens []int32, cell, side, h, w int) (held uint32) {
	row, col := cell/side, cell%side
	box := row/h*h*side + col/w*w
	for k := range side {
		held |= 1<<tokens[side*row+k] | 1<<tokens[side*k+col] | 1<<tokens[box+k/w*side+k%w]
	}
	return held
}

// gumbel draws from the standard Gumbel distribution: the largest of
// log(p) + gumbel is a draw with probabilities p.
func gumbel(rng *rand.Rand) float64 { return -math.Log(-math.Log(1 - rng.Float64())) }
