package puzzle

import (
	"fmt"
	"strings"
)

// Tokens of a sudoku: 0 is padding, 1 a blank cell, digit d is d+1.
const (
	SudokuCells = 81
	SudokuBlank = 1
)

// Sudoku is the 9 x 9 puzzle: every row, column and box of 3 x 3 holds the
// digits 1 to 9.
type Sudoku struct{}

// Name returns "sudoku".
func (Sudoku) Name() string { return "sudoku" }

// Size returns 9, 9.
func (Sudoku) Size() (rows, cols int) { return 9, 9 }

// SeqLen returns 81.
func (Sudoku) SeqLen() int { return SudokuCells }

// Vocab returns 11.
func (Sudoku) Vocab() int { return 11 }

// Judges implements Judge.
func (Sudoku) Judges() bool { return true }

// BlankToken implements Blanks.
func (Sudoku) BlankToken() int32 { return SudokuBlank }

const sudokuWant = "want 1 to 9, or '.' or '0' for a blank cell"

func sudokuToken(c rune) (int32, bool) {
	switch {
	case c == '.' || c == '0':
		return SudokuBlank, true
	case c >= '1' && c <= '9':
		return c - '0' + 1, true
	}
	return 0, false
}

// Encode reads 81 characters 1 to 9, '.' or '0'.
func (s Sudoku) Encode(text string) ([]int32, error) {
	return encodeLine(s, text, sudokuToken, sudokuWant)
}

// Decode returns 81 characters, with '.' for a blank cell.
func (Sudoku) Decode(tokens []int32) string {
	text := make([]byte, len(tokens))
	for i, t := range tokens {
		text[i] = sudokuByte(t)
	}
	return string(text)
}

func sudokuByte(t int32) byte {
	switch {
	case t == SudokuBlank:
		return '.'
	case t >= 2 && t <= 10:
		return byte('0' + t - 1)
	}
	return '?'
}

// Check reports the first given that answer changed, the first cell that is
// no digit, or the first row, column or box that holds a digit twice.
func (s Sudoku) Check(question, answer []int32) error {
	if err := checkLen(s, question, answer); err != nil {
		return err
	}
	for i, t := range answer {
		if t < 2 || t > 10 {
			return wrong("row %d, column %d is not filled with a digit", i/9+1, i%9+1)
		}
		if q := question[i]; q > SudokuBlank && q != t {
			return wrong("row %d, column %d was given as %d and is %d", i/9+1, i%9+1, q-1, t-1)
		}
	}
	if c := conflict(answer); c != nil {
		return wrong("%v", c)
	}
	return nil
}

// clash is a digit that a unit (a row, column or box) holds twice.
type clash struct {
	unit        string
	n           int // of the unit, from 1
	digit       int32
	first, cell int // the two cells, first < cell
}

func (c *clash) Error() string { return fmt.Sprintf("%s %d holds %d twice", c.unit, c.n, c.digit) }

// conflict returns the first digit that stands twice in a row, column or box.
func conflict(tokens []int32) *clash {
	var seen [3][9][11]int8 // cell + 1
	for i, t := range tokens {
		if t < 2 || t > 10 {
			continue
		}
		units := [3]int{i / 9, i % 9, i/27*3 + i%9/3}
		for k, u := range units {
			if at := seen[k][u][t]; at > 0 {
				return &clash{[...]string{"row", "column", "box"}[k], u + 1, t - 1, int(at) - 1, i}
			}
			seen[k][u][t] = int8(i + 1)
		}
	}
	return nil
}

// Render draws a grid with its boxes; the answer fills the question's blanks.
func (Sudoku) Render(question, answer []int32) string {
	const rule = "+-------+-------+-------+\n"
	grid := question
	if answer != nil {
		grid = answer
	}
	var b strings.Builder
	for i, t := range grid {
		if i%27 == 0 {
			b.WriteString(rule)
		}
		if i%3 == 0 {
			b.WriteString("| ")
		}
		b.WriteByte(sudokuByte(t))
		b.WriteByte(' ')
		if i%9 == 8 {
			b.WriteString("|\n")
		}
	}
	b.WriteString(rule)
	return b.String()
}

// layout: digits, and frames, text and other symbols for blanks around them.
func (Sudoku) layout() layout {
	return layout{
		rows: 9, cols: 9, chunk: 3, token: sudokuToken, want: sudokuWant, loose: true, blank: SudokuBlank,
		forms: "a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON",
	}
}

// Recognises implements Recogniser.
func (s Sudoku) Recognises(line string) bool {
	p := newTextReader(&lines{}, s).parse(line)
	return p.kind == lineGrids || p.kind == lineBad || p.kind == lineRow && !p.rows[0].maybe
}

// text implements gridTask.
func (s Sudoku) text(l *lines, answers bool) textSource {
	r := newTextReader(l, s)
	r.answers = answers
	return r
}

// checkQuestion reports givens that contradict each other.
func (Sudoku) checkQuestion(q []int32) (cell int, err error) {
	if c := conflict(q); c != nil {
		return c.cell, fmt.Errorf("%v: no digit may stand twice in a row, column or box", c)
	}
	return 0, nil
}
