package runtime

import (
	"fmt"
	"math"
)

// With CandidateMixing the positions are candidates: a cell of a sudoku with sides of n
// cells has n of them, one for each digit, and position cell*n + k stands for "this cell
// holds digit k", the token FirstDigit + k. All share their weights, so that nothing in
// the model tells one digit or one cell from another but the rows, columns, boxes and
// cells that they lie in: a sudoku with other names for its digits, or with its rows
// and columns exchanged in the ways that keep it one, has the same logits elsewhere.
const (
	// FirstDigit is the token of a cell's first candidate; those below are blank cells.
	FirstDigit = 2
	// NoLogit is the logit of a token that no candidate stands for.
	NoLogit = -1e9
	// MaxDigits is the largest side of a grid with CandidateMixing: its positions grow
	// with the third power.
	MaxDigits = 25
)

// ByCandidate reports whether positions are candidates for the tokens of their cells.
func (c *Config) ByCandidate() bool { return c.Mixing == CandidateMixing || c.Mixing == ColourMixing }

// Candidates returns how many positions a token of a grid has: one, unless they are
// candidates.
func (c *Config) Candidates(s Shape) int {
	switch c.Mixing {
	case CandidateMixing:
		return s.Cols
	case ColourMixing:
		return NumColours
	}
	return 1
}

// FirstCandidate returns the token of a cell's first candidate.
func (c *Config) FirstCandidate() int {
	if c.Mixing == ColourMixing {
		return FirstColour
	}
	return FirstDigit
}

// PositionsOf returns P of a grid: the prefix, and the positions of its tokens.
func (c *Config) PositionsOf(s Shape) int {
	return c.Prefix() + (s.Len()-c.Legend(s))*c.Candidates(s)
}

// Parts are what the embedding of a position is the sum of.
type Parts struct {
	rows   [3]int // of the token embedding
	n      int
	blocks [2]int // of D numbers of the puzzle's row, from 1; 0: none
}

// Rows returns rows of the token embedding.
func (p *Parts) Rows() []int { return p.rows[:p.n] }

// EachBlock calls f with the blocks of the puzzle's row, of D numbers each.
func (p *Parts) EachBlock(f func(block int)) {
	for _, b := range p.blocks {
		if b > 0 {
			f(b - 1)
		}
	}
}

// Parts returns what the embedding of a position after the prefix is the sum of: the row
// of its token; with CandidateMixing row 0 for a candidate of a blank cell, 1 for the
// digit that is given, and 2 where another one is; with ColourMixing see colours.go.
func (c *Config) Parts(tokens []int32, s Shape, position int) Parts {
	n := c.Candidates(s)
	switch c.Mixing {
	case ColourMixing:
		return colourParts(tokens, tokens[c.Legend(s)+position/n], position%n)
	case CandidateMixing:
		return Parts{rows: [3]int{role(int(tokens[position/n]), FirstDigit, position%n)}, n: 1}
	}
	return Parts{rows: [3]int{int(tokens[position])}, n: 1}
}

// Roles of candidates.
const (
	roleNothing = iota // nothing is given in its cell
	roleGiven
	roleOther // another one is
	// NumRoles is how many there are: rows of the token embedding.
	NumRoles
)

// role returns what a cell's token says about one of its candidates.
func role(token, first, candidate int) int {
	switch {
	case token < first:
		return roleNothing
	case token == first+candidate:
		return roleGiven
	}
	return roleOther
}

// Embeddings returns the rows of the token embedding.
func (c *Config) Embeddings() int {
	switch c.Mixing {
	case CandidateMixing:
		return NumRoles
	case ColourMixing:
		return colourRows
	}
	return c.VocabSize
}

// Outputs returns the rows of the head.
func (c *Config) Outputs() int {
	if c.ByCandidate() {
		return 1
	}
	return c.VocabSize
}

// Vocabulary returns V of the logits of grids with so many tokens at most: VocabSize, or
// with CandidateMixing, where no weight depends on it, a token for each digit of the
// largest if those are more.
func (c *Config) Vocabulary(tokens int) int {
	if c.Mixing != CandidateMixing {
		return c.VocabSize
	}
	side := int(math.Sqrt(float64(tokens)) + 0.5)
	return max(c.VocabSize, FirstDigit+min(side, MaxDigits))
}

// CandidateLogits sets the logits of a token [vocabulary] to those of its candidates.
// A token of a legend has none.
func CandidateLogits[T float32 | float64](c *Config, logits, candidates []T) {
	for i := range logits {
		logits[i] = NoLogit
	}
	if len(candidates) > 0 {
		copy(logits[c.FirstCandidate():], candidates)
	}
}

// CanSay reports whether a token may be an answer in a grid.
func (c *Config) CanSay(s Shape, token int32) bool {
	if first := c.FirstCandidate(); c.ByCandidate() {
		return int(token) >= first && int(token) < first+c.Candidates(s)
	}
	return token >= 0 && int(token) < c.VocabSize
}

// validateCandidates reports what does not go with CandidateMixing.
func (c *Config) validateCandidates() error {
	if c.Mixing != CandidateMixing {
		return nil
	}
	s := c.Grid()
	_, _, ok := boxesOf(s)
	switch {
	case !ok:
		return fmt.Errorf("%w: mixing %s needs a square grid with boxes, such as seq_len 81, got %v", ErrConfig, c.Mixing, s)
	case c.VocabSize < FirstDigit+s.Cols:
		return fmt.Errorf("%w: mixing %s needs a token for each of %d digits beside padding and blank, but vocab_size is %d", ErrConfig, c.Mixing, s.Cols, c.VocabSize)
	case c.Prefix() > 0:
		return fmt.Errorf("%w: mixing %s has no prefix: puzzle_emb_len and puzzle_emb_ndim must be 0", ErrConfig, c.Mixing)
	case c.Positions != NoPos:
		return fmt.Errorf("%w: mixing %s tells no cell from another: pos_encodings is %q, want none", ErrConfig, c.Mixing, c.Positions)
	case c.Conv > 0:
		return fmt.Errorf("%w: mixing %s has no convolution: conv is %d, want 0", ErrConfig, c.Mixing, c.Conv)
	case c.HaltPool != SoftMin:
		return fmt.Errorf("%w: mixing %s has no first position: halt_pool must be %s", ErrConfig, c.Mixing, SoftMin)
	}
	return nil
}

// BoxSize returns the rows and columns of a box of a sudoku.
func (s Shape) BoxSize() (rows, cols int) {
	rows, cols, _ = boxesOf(s)
	return rows, cols
}
