package runtime

import (
	"fmt"
	"math"

	"github.com/hrmgo/hrm/internal/boxes"
)

// Shape is the grid of a puzzle's tokens. They lie row by row.
type Shape struct{ Rows, Cols int }

// Len returns the number of tokens.
func (s Shape) Len() int { return s.Rows * s.Cols }

func (s Shape) String() string { return fmt.Sprintf("%d x %d", s.Rows, s.Cols) }

// DefaultMaxTokens is the limit of a puzzle's tokens where the caller gives none:
// a grid of 255 x 255 fits.
const DefaultMaxTokens = 1 << 16

// Grid returns the model's own shape: Cols columns, or where that is 0 a square, or
// where SeqLen is none a single row.
func (c *Config) Grid() Shape {
	if c.Cols > 0 {
		return Shape{c.SeqLen / c.Cols, c.Cols}
	}
	if side := int(math.Sqrt(float64(c.SeqLen)) + 0.5); side*side == c.SeqLen {
		return Shape{side, side}
	}
	return Shape{1, c.SeqLen}
}

// AnyShape reports whether no weight depends on the number of positions, so that
// the model runs on grids of any size.
func (c *Config) AnyShape() bool {
	return c.Positions != Learned && c.Mixing != PositionMixing
}

// Shape returns the grid of a puzzle's tokens, the model's own where the puzzle
// does not say. Check says whether the model takes it.
func (c *Config) Shape(in Input) Shape {
	if in.Rows == 0 && in.Cols == 0 {
		return c.Grid()
	}
	return Shape{in.Rows, in.Cols}
}

// checkShape reports a grid that the model cannot take or that n tokens do not
// fill, wrapping ErrInput.
func (c *Config) checkShape(in Input) error {
	s, n := c.Shape(in), len(in.Tokens)
	switch {
	case s.Rows < 1 || s.Cols < 1 || n%s.Cols != 0 || n/s.Cols != s.Rows:
		return fmt.Errorf("%w: %d tokens, want %v", ErrInput, n, s)
	case s != c.Grid() && !c.AnyShape():
		return fmt.Errorf("%w: a grid of %v, but the weights of this model are for %v alone", ErrInput, s, c.Grid())
	}
	if c.Relations != "" || c.Mixing == CandidateMixing {
		if _, _, ok := boxesOf(s); !ok {
			return fmt.Errorf("%w: a grid of %v has no boxes, which this model looks at: want a square whose side is a product of two", ErrInput, s)
		}
	}
	if s.Len() <= c.Legend(s) && c.Mixing == ColourMixing {
		return fmt.Errorf("%w: a grid of %v, of which a legend takes %d tokens: want rows below it", ErrInput, s, c.Legend(s))
	}
	if c.Mixing == CandidateMixing && s.Cols > MaxDigits {
		return fmt.Errorf("%w: a grid of %v, want at most %d x %d with mixing %s", ErrInput, s, MaxDigits, MaxDigits, c.Mixing)
	}
	return nil
}

// boxesOf returns the size of the boxes of a sudoku, which is a square.
func boxesOf(s Shape) (rows, cols int, ok bool) {
	if s.Rows != s.Cols {
		return 0, 0, false
	}
	return boxes.Of(s.Rows)
}

// Relation returns the class of position j seen from position i in a grid, below
// NumRelations: with "sudoku" 0 unrelated, 1 the same cell, 2 same row only,
// 3 same column only, 4 same row and box, 5 same column and box, 6 same box
// only, 7 one of the two is in the prefix.
func (c *Config) Relation(s Shape, i, j int) int {
	prefix := c.Prefix()
	if i < prefix || j < prefix {
		return 7
	}
	h, w, _ := boxesOf(s)
	ri, ci := (i-prefix)/s.Cols, (i-prefix)%s.Cols
	rj, cj := (j-prefix)/s.Cols, (j-prefix)%s.Cols
	row, col := ri == rj, ci == cj
	box := ri/h == rj/h && ci/w == cj/w
	switch {
	case i == j:
		return 1
	case row && box:
		return 4
	case col && box:
		return 5
	case row:
		return 2
	case col:
		return 3
	case box:
		return 6
	}
	return 0
}

// RelationTable returns Relation of all pairs of positions of a grid, [P, P].
func (c *Config) RelationTable(s Shape) []uint8 {
	p := c.Prefix() + s.Len()
	table := make([]uint8, p*p)
	for i := range table {
		table[i] = uint8(c.Relation(s, i/p, i%p))
	}
	return table
}

// Turns reports whether queries and keys turn by their positions.
func (c *Config) Turns() bool {
	return c.Has(Attention) && (c.Positions == Rope || c.Positions == Rope2D)
}

// RopeTable returns the cosines and sines, each [P, headDim/2], by which the pairs
// of channels (i, i + headDim/2) of queries and keys turn at the positions of a
// grid:
//
//	rope:    pos * theta^(-2i/headDim)            the prefix counted
//	rope2d:  row * theta^(-4i/headDim)            for the first quarter of the channels,
//	         col * theta^(-4i'/headDim)           i' = i - headDim/4, for the second;
//	         the prefix does not turn
//
// or nil where positions do not turn. The angle is rounded to float32 where PyTorch
// rounds it.
func (c *Config) RopeTable(s Shape) (cos, sin []float32) {
	if !c.Turns() {
		return nil, nil
	}
	half, prefix := c.HeadDim()/2, c.Prefix()
	p := prefix + s.Len()
	cos, sin = make([]float32, p*half), make([]float32, p*half)
	for i := range half {
		pair, channels := i, 2*half // of those that turn alike
		if c.Positions == Rope2D {
			pair, channels = i%(half/2), half
		}
		freq := float32(1 / math.Pow(c.RopeTheta, float64(2*pair)/float64(channels)))
		for pos := range p {
			angle := float64(float32(c.turns(s, pos, i < half/2)) * freq)
			cos[pos*half+i] = float32(math.Cos(angle))
			sin[pos*half+i] = float32(math.Sin(angle))
		}
	}
	return cos, sin
}

// turns is how far along its axis a position lies.
func (c *Config) turns(s Shape, pos int, byRow bool) int {
	cell := pos - c.Prefix()
	switch {
	case c.Positions == Rope:
		return pos
	case cell < 0:
		return 0
	case byRow:
		return cell / s.Cols
	}
	return cell % s.Cols
}
