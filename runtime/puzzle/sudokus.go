package puzzle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// Sudokus is the sudoku of any square grid with boxes: 4 x 4, 6 x 6, 9 x 9, 16 x 16.
// It is the task of models of Sudoku whose weights depend on no size. Tokens are those
// of Sudoku: 0 is padding, 1 a blank cell, digit d is d+1.
type Sudokus struct {
	Side   int
	Digits Digits // how they are written
}

const sudokuSides = "a side of 4, 6, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 22, 24 or 25"

// Name returns "sudoku".
func (Sudokus) Name() string { return Sudoku{}.Name() }

// Size returns Side, Side.
func (s Sudokus) Size() (rows, cols int) { return s.Side, s.Side }

// SeqLen returns Side * Side.
func (s Sudokus) SeqLen() int { return s.Side * s.Side }

// Vocab returns Side + 2.
func (s Sudokus) Vocab() int { return s.Side + 2 }

// Sized implements Sizer.
func (s Sudokus) Sized(rows, cols int) (Task, error) {
	if rows != cols || !sudoku.HasBoxes(rows) {
		return nil, fmt.Errorf("%w: a sudoku of %d x %d, want a square with boxes: %s", ErrFormat, rows, cols, sudokuSides)
	}
	s.Side = rows
	return s, nil
}

// Describe implements Describer: rows and cols are those of the largest grid that a model
// is trained on.
func (s Sudokus) Describe(of map[string]any) (Task, error) {
	d := spec{of: of}
	rows, cols := d.int("rows", 9, 4, sudoku.MaxSide), d.int("cols", 9, 4, sudoku.MaxSide)
	if err := d.end(); err != nil {
		return nil, err
	}
	if rows != cols || !sudoku.HasBoxes(rows) {
		return nil, fmt.Errorf("%w: %d rows and %d cols, want a square with boxes: %s", ErrSpec, rows, cols, sudokuSides)
	}
	s.Side = rows
	return s, nil
}

// Spec implements Describer. The size is in the model's configuration.
func (Sudokus) Spec() map[string]any { return nil }

// Judges implements Judge.
func (Sudokus) Judges() bool { return true }

// BlankToken implements Blanks.
func (Sudokus) BlankToken() int32 { return SudokuBlank }

// Encode reads a grid in one line, its digits written as Digits says, and '.' or
// another sign for a blank cell.
func (s Sudokus) Encode(text string) ([]int32, error) {
	cells, _ := cellsOf(text)
	if len(cells) != s.SeqLen() {
		return nil, &Error{Line: 1, Err: fmt.Errorf("%d cells, want %d", len(cells), s.SeqLen())}
	}
	tokens := make([]int32, len(cells))
	for i, c := range cells {
		t, ok := s.Digits.token(c.text)
		if !ok || int(t) > s.Side+1 {
			return nil, &Error{Line: 1, Column: c.col, Err: fmt.Errorf("found %q, want %s", c.text, s.Digits.describe(s.Side))}
		}
		tokens[i] = t
	}
	return tokens, nil
}

// Decode returns the cells in one line, with '.' for a blank one, and a space between
// them where Digits are numbers.
func (s Sudokus) Decode(tokens []int32) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && s.Digits.numbers() {
			b.WriteByte(' ')
		}
		b.WriteString(s.Digits.text(t))
	}
	return b.String()
}

// Check reports the first given that answer changed, the first cell that is no digit,
// or the first row, column or box that holds a digit twice.
func (s Sudokus) Check(question, answer []int32) error {
	if err := checkLen(s, question, answer); err != nil {
		return err
	}
	for i, t := range answer {
		row, col := i/s.Side+1, i%s.Side+1
		if t < 2 || int(t) > s.Side+1 {
			return wrong("row %d, column %d is not filled with a digit", row, col)
		}
		if q := question[i]; q > SudokuBlank && q != t {
			return wrong("row %d, column %d was given as %s and is %s", row, col, s.Digits.text(q), s.Digits.text(t))
		}
	}
	if c := s.conflict(answer); c != nil {
		return wrong("%s", c.text)
	}
	return nil
}

// conflict returns the first cell with a digit that its row, column or box has already.
func (s Sudokus) conflict(tokens []int32) *cellError {
	h, w := s.Boxes()
	var seen [3][sudoku.MaxSide]uint32
	for i, t := range tokens {
		if t < 2 {
			continue
		}
		row, col := i/s.Side, i%s.Side
		for k, u := range [3]int{row, col, row/h*(s.Side/w) + col/w} {
			if seen[k][u]>>(t-2)&1 != 0 {
				return &cellError{i, fmt.Sprintf("%s %d holds %s twice", [...]string{"row", "column", "box"}[k], u+1, s.Digits.text(t))}
			}
			seen[k][u] |= 1 << (t - 2)
		}
	}
	return nil
}

// checkQuestion reports givens that contradict each other.
func (s Sudokus) checkQuestion(q []int32) (cell int, err error) {
	if c := s.conflict(q); c != nil {
		return c.cell, fmt.Errorf("%s: no digit may stand twice in a row, column or box", c.text)
	}
	return 0, nil
}

// Boxes implements Boxes.
func (s Sudokus) Boxes() (rows, cols int) {
	rows, cols, _ = sudoku.Boxes(s.Side)
	return rows, cols
}

// Clashes implements Clasher.
func (s Sudokus) Clashes(tokens []int32) []bool {
	h, w := s.Boxes()
	return clashes(tokens, s.Side, h, w, SudokuBlank)
}

// Paint implements Painter.
func (s Sudokus) Paint(question, output []int32) []Cell {
	cells := make([]Cell, len(output))
	for i, t := range output {
		switch q := question[i]; {
		case q > SudokuBlank:
			cells[i] = Cell{Text: s.Digits.text(q), Kind: CellGiven}
		case t > SudokuBlank:
			cells[i] = Cell{Text: s.Digits.text(t), Kind: CellAnswer}
		default:
			cells[i] = Cell{Kind: CellBlank}
		}
	}
	return cells
}

// maxBoardGuesses bounds the exact search on large grids, to about a second.
const maxBoardGuesses = 1 << 14

// Examine implements Examiner: it reports a sudoku without a solution, or with several.
func (s Sudokus) Examine(question []int32) error {
	if s.Side == 9 {
		return Sudoku{}.Examine(question)
	}
	b := sudoku.BoardOf(s.Side, question)
	switch found := (sudoku.Search{Limit: 2, Guesses: maxBoardGuesses}).RunBoard(&b); {
	case found.Count > 1:
		return fmt.Errorf("%w: it has several solutions", ErrUnsolvable)
	case found.Count == 0 && !found.Cut:
		return fmt.Errorf("%w: it has no solution", ErrUnsolvable)
	}
	return nil
}

// Retry implements Retrier by guesses, as Sudoku does, for as large a part of the
// cells. The form is the puzzle itself: its models see all symmetries alike.
func (s Sudokus) Retry(tokens []int32, logits []float32, seed uint64) (form []int32, back func(answer []int32, logits []float32)) {
	if s.Side == 9 {
		return Sudoku{}.Retry(tokens, logits, seed)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	form = slices.Clone(tokens)
	h, w := s.Boxes()
	for range 1 + rng.IntN(max(1, maxGuesses*s.SeqLen()/SudokuCells)) {
		guess(form, logits, s.Side, h, w, rng)
	}
	return form, func([]int32, []float32) {}
}

// Augment implements Augmenter by other names for the digits, and of 9 x 9 by all
// symmetries.
func (s Sudokus) Augment(rng *rand.Rand, question, answer []int32) {
	if s.Side == 9 {
		Sudoku{}.Augment(rng, question, answer)
		return
	}
	var to [sudoku.MaxSide]int32
	for i := range s.Side {
		j := rng.IntN(i + 1)
		to[i] = to[j]
		to[j] = int32(i) + 2
	}
	for _, grid := range [2][]int32{question, answer} {
		for i, t := range grid {
			if t >= 2 {
				grid[i] = to[t-2]
			}
		}
	}
}

// layout implements gridTask.
func (s Sudokus) layout() layout {
	h, _ := s.Boxes()
	return layout{
		rows: s.Side, cols: s.Side, chunk: h, token: sudokuToken, want: sudokuWant, loose: true, blank: SudokuBlank,
		forms: "a sudoku is as many rows as columns, with " + sudokuSides + ", or all of it in one line; digits are 1 to 9 and then A, B, ..., or letters alone, or numbers between spaces, with . or 0 for a blank; or a CSV file with a column question, or JSON",
	}
}

// text implements gridTask.
func (s Sudokus) text(l *lines, answers bool) textSource { return newSudokusReader(l, s, answers) }
