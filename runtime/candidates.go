package runtime

import "fmt"

// With CandidateMixing the positions are candidates: a cell of a sudoku with sides of n
// cells has n of them, one for each digit, and position cell*n + k stands for "this cell
// holds digit k", the token FirstDigit + k. All share their weights, so that nothing in
// the model tells one digit or one cell from another but the rows, columns, boxes and
// cells that they lie in: a sudoku with other names for its digits, or with its rows
// and columns exchanged in the ways that keep it one, has the same logits elsewhere.
const (
	// FirstDigit is the token of a cell's first candidate; those below are blank cells.
	FirstDigit = 2
	// NumRoles is how many rows the token embedding has with CandidateMixing: a row for
	// what the puzzle says about a candidate, see Config.EmbeddingRow.
	NumRoles = 3
	// NoLogit is the logit of a token that no candidate stands for.
	NoLogit = -1e9
)

// Candidates returns how many positions a token of a grid has: its side with
// CandidateMixing, else one.
func (c *Config) Candidates(s Shape) int {
	if c.Mixing == CandidateMixing {
		return s.Cols
	}
	return 1
}

// PositionsOf returns P of a grid: the prefix, and the positions of its tokens.
func (c *Config) PositionsOf(s Shape) int { return c.Prefix() + s.Len()*c.Candidates(s) }

// EmbeddingRow returns the row of the token embedding for a position after the prefix:
// its token, or with CandidateMixing 0 for a candidate of a blank cell, 1 for the digit
// that is given, and 2 where another one is.
func (c *Config) EmbeddingRow(tokens []int32, s Shape, position int) int {
	n := c.Candidates(s)
	token := int(tokens[position/n])
	switch {
	case c.Mixing != CandidateMixing:
		return token
	case token < FirstDigit:
		return 0
	case token == FirstDigit+position%n:
		return 1
	}
	return 2
}

// Embeddings returns the rows of the token embedding.
func (c *Config) Embeddings() int {
	if c.Mixing == CandidateMixing {
		return NumRoles
	}
	return c.VocabSize
}

// Outputs returns the rows of the head.
func (c *Config) Outputs() int {
	if c.Mixing == CandidateMixing {
		return 1
	}
	return c.VocabSize
}

// CandidateLogits sets the logits of a token [vocabulary] to those of its candidates.
func CandidateLogits[T float32 | float64](logits, candidates []T) {
	for i := range logits {
		logits[i] = NoLogit
	}
	copy(logits[FirstDigit:], candidates)
}

// CanSay reports whether a token may be an answer in a grid.
func (c *Config) CanSay(s Shape, token int32) bool {
	if c.Mixing == CandidateMixing {
		return token >= FirstDigit && int(token) < FirstDigit+c.Candidates(s)
	}
	return token >= 0 && int(token) < c.VocabSize
}

// validateCandidates reports what does not go with CandidateMixing.
func (c *Config) validateCandidates() error {
	if c.Mixing != CandidateMixing {
		return nil
	}
	s := c.Grid()
	_, _, ok := boxes(s)
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
	rows, cols, _ = boxes(s)
	return rows, cols
}
