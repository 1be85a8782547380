package runtime

import "fmt"

// With ColourMixing the positions are candidates too: a cell of a grid of colours has
// NumColours of them, one for the end marker and one for each colour, the tokens
// FirstColour + k. All share their weights, so that a colour is only what its place in
// the grid and the puzzle's row of the table make it: a grid in other colours, with the
// puzzle's row in that order, has the same logits in that order.
//
// Before the cells stands a legend, LegendLen tokens in whole rows, which have no
// positions: LegendTurned + how the form is turned, and for each of the nine colours of
// the puzzle but black the one that stands for it, LegendPainted + colour - 1. The
// puzzle's row is a block of D numbers for the end marker, for black, for each of the
// nine colours, and one for all. x of a candidate is sqrt(D) times the sum of
//
//	what the cell says of it, that it is the end marker or black,   rows of the token
//	how the form is turned                                          embedding
//	its block, and the one for all                                  of the puzzle's row
const (
	NumColours    = 11 // candidates of a cell: the end marker, black and nine colours
	FirstColour   = 1  // the token of the first of them
	LegendLen     = 10 // tokens of a legend
	LegendTurned  = 12 // the token of a form that is not turned; then the seven others
	LegendPainted = 20 // the token of colour 1 in a legend
)

// ColourBlocks is how many blocks of D numbers a row of the puzzle table has.
const ColourBlocks = NumColours + 1

// Rows of the token embedding with ColourMixing, after those of roles.
const (
	rowEnd = NumRoles + iota
	rowBlack
	rowTurned
	colourRows = rowTurned + 8
)

// Legend returns how many tokens of a grid have no positions: the first rows with
// ColourMixing.
func (c *Config) Legend(s Shape) int {
	if c.Mixing != ColourMixing {
		return 0
	}
	return (LegendLen + s.Cols - 1) / s.Cols * s.Cols
}

// colourParts returns the parts of candidate k of a cell.
func colourParts(tokens []int32, token int32, k int) Parts {
	p := Parts{rows: [3]int{role(int(token), FirstColour, k)}, n: 1, blocks: [2]int{1 + ColourBlock(tokens, k), 1 + NumColours}}
	if turn := int(tokens[0]) - LegendTurned; turn >= 0 && turn < 8 {
		p.rows[p.n] = rowTurned + turn
		p.n++
	}
	if k < 2 {
		p.rows[p.n] = rowEnd + k
		p.n++
	}
	return p
}

// ColourBlock returns the block of the puzzle's row for candidate k: that of the colour
// of the puzzle's own form for which it stands.
func ColourBlock(tokens []int32, k int) int {
	if k < 2 {
		return k
	}
	for own, painted := range tokens[1:LegendLen] {
		if int(painted)-LegendPainted == k-2 {
			return 2 + own
		}
	}
	return k // the legend does not say
}

// validateColours reports what does not go with ColourMixing.
func (c *Config) validateColours() error {
	if c.Mixing != ColourMixing {
		return nil
	}
	s := c.Grid()
	switch {
	case s.Len() <= c.Legend(s):
		return fmt.Errorf("%w: mixing %s needs rows below a legend of %d tokens, got %v", ErrConfig, c.Mixing, c.Legend(s), s)
	case c.VocabSize < LegendPainted+9:
		return fmt.Errorf("%w: mixing %s needs the tokens of ARC at true size, %d, but vocab_size is %d", ErrConfig, c.Mixing, LegendPainted+9, c.VocabSize)
	case c.PuzzleEmbLen > 0 || c.PuzzleEmbDim != 0 && c.PuzzleEmbDim != ColourBlocks*c.Hidden:
		return fmt.Errorf("%w: mixing %s has no prefix and %d blocks a puzzle: want puzzle_emb_len 0 and puzzle_emb_ndim 0 or %d * %d", ErrConfig, c.Mixing, ColourBlocks, ColourBlocks, c.Hidden)
	case c.Positions != NoPos:
		return fmt.Errorf("%w: mixing %s has no positions to tell apart: pos_encodings is %q, want none", ErrConfig, c.Mixing, c.Positions)
	case c.HaltPool != SoftMin:
		return fmt.Errorf("%w: mixing %s has no first position: halt_pool must be %s", ErrConfig, c.Mixing, SoftMin)
	}
	return nil
}

// NumTurns is how many ways there are to turn a square grid, but leaving it as it is.
const NumTurns = 7
