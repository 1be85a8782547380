package puzzle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// MaxGridSide is the largest number of rows and of columns of a Grid.
const MaxGridSide = 255

// Grid is the task that a model's file describes itself: a grid of Rows x Cols
// cells, each a character of an alphabet. Sudokus of other sizes are such, mazes
// drawn otherwise, and puzzles of one's own.
//
//	task_spec: {rows: 4, cols: 4, alphabet: ".1234", blank: ".", rules: sudoku}
type Grid struct {
	Rows, Cols int
	// Alphabet holds the characters of the tokens 1, 2, ...
	Alphabet string
	// Blank is the one of a cell that the answer fills, "" where it may change every
	// cell.
	Blank string
	// Padding is the character of token 0, which is not scored, "" where there is none.
	Padding string
	// Rules is "latin" where no row and no column may hold a character twice,
	// "sudoku" where no box may either, and "" where nobody knows.
	Rules string
}

// Name returns "grid".
func (Grid) Name() string { return "grid" }

// Size returns Rows, Cols.
func (g Grid) Size() (rows, cols int) { return g.Rows, g.Cols }

// SeqLen returns Rows * Cols.
func (g Grid) SeqLen() int { return g.Rows * g.Cols }

// Vocab returns the number of characters and one.
func (g Grid) Vocab() int { return utf8.RuneCountInString(g.Alphabet) + 1 }

// Sized implements Sizer.
func (g Grid) Sized(rows, cols int) (Task, error) {
	if rows < 1 || cols < 1 || rows > MaxGridSide || cols > MaxGridSide {
		return nil, fmt.Errorf("%w: a grid of %d x %d, want 1 x 1 to %d x %d", ErrFormat, rows, cols, MaxGridSide, MaxGridSide)
	}
	g.Rows, g.Cols = rows, cols
	return g, g.checkRules(ErrFormat)
}

// checkRules reports a size that the rules do not know.
func (g Grid) checkRules(wrap error) error {
	if g.Rules == "" || g.SeqLen() == 0 {
		return nil
	}
	if g.Rows != g.Cols {
		return fmt.Errorf("%w: rules %s for %d x %d, want a square", wrap, g.Rules, g.Rows, g.Cols)
	}
	if rows, _ := g.Boxes(); g.Rules == "sudoku" && rows < 2 {
		return fmt.Errorf("%w: rules sudoku for %d x %d, want a side that is a product of two: boxes hold as many cells", wrap, g.Rows, g.Cols)
	}
	return nil
}

// Describe implements Describer.
func (g Grid) Describe(of map[string]any) (Task, error) {
	s := spec{of: of}
	g = Grid{
		Rows: s.int("rows", 0, 1, MaxGridSide), Cols: s.int("cols", 0, 1, MaxGridSide),
		Alphabet: s.string("alphabet", ""), Blank: s.string("blank", ""), Padding: s.string("padding", ""), Rules: s.string("rules", ""),
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	runes := []rune(g.Alphabet)
	slices.Sort(runes)
	switch {
	case len(runes) == 0 || len(runes) > 254 || !utf8.ValidString(g.Alphabet):
		return nil, fmt.Errorf("%w: alphabet has %d characters, want 1 to 254", ErrSpec, len(runes))
	case len(slices.Compact(runes)) != utf8.RuneCountInString(g.Alphabet):
		return nil, fmt.Errorf("%w: alphabet %q has a character twice", ErrSpec, g.Alphabet)
	case strings.ContainsAny(g.Alphabet+g.Padding, "\r\n"):
		return nil, fmt.Errorf("%w: alphabet or padding has a line end", ErrSpec)
	case g.Blank != "" && (utf8.RuneCountInString(g.Blank) != 1 || !strings.Contains(g.Alphabet, g.Blank)):
		return nil, fmt.Errorf("%w: blank is %q, want a character of the alphabet", ErrSpec, g.Blank)
	case g.Padding != "" && (utf8.RuneCountInString(g.Padding) != 1 || strings.Contains(g.Alphabet, g.Padding)):
		return nil, fmt.Errorf("%w: padding is %q, want a character that is not in the alphabet", ErrSpec, g.Padding)
	case g.Rules != "" && g.Rules != "latin" && g.Rules != "sudoku":
		return nil, fmt.Errorf("%w: rules is %q, want latin, sudoku or nothing", ErrSpec, g.Rules)
	case (g.Rows == 0) != (g.Cols == 0):
		return nil, fmt.Errorf("%w: %d rows and %d cols, want both or none", ErrSpec, g.Rows, g.Cols)
	}
	return g, g.checkRules(ErrSpec)
}

// Spec implements Describer. The size is in the model's configuration.
func (g Grid) Spec() map[string]any {
	of := map[string]any{"alphabet": g.Alphabet}
	for key, v := range map[string]string{"blank": g.Blank, "padding": g.Padding, "rules": g.Rules} {
		if v != "" {
			of[key] = v
		}
	}
	return of
}

// token returns the token of a character.
func (g Grid) token(c rune) (int32, bool) {
	if string(c) == g.Padding {
		return 0, true
	}
	i := int32(1)
	for _, a := range g.Alphabet {
		if a == c {
			return i, true
		}
		i++
	}
	return 0, false
}

// BlankToken implements Blanks; 0 where there is none.
func (g Grid) BlankToken() int32 {
	if g.Blank == "" {
		return 0
	}
	t, _ := g.token([]rune(g.Blank)[0])
	return t
}

func (g Grid) want() string {
	if g.Padding != "" {
		return fmt.Sprintf("want one of %q, or %q for padding", g.Alphabet, g.Padding)
	}
	return fmt.Sprintf("want one of %q", g.Alphabet)
}

// Encode reads Rows*Cols characters of the alphabet.
func (g Grid) Encode(text string) ([]int32, error) { return encodeLine(g, text, g.token, g.want()) }

// Decode returns Rows*Cols characters.
func (g Grid) Decode(tokens []int32) string {
	chars := g.chars()
	var b strings.Builder
	for _, t := range tokens {
		b.WriteRune(char(chars, t))
	}
	return b.String()
}

// chars returns the characters of all tokens.
func (g Grid) chars() []rune {
	padding := '?'
	if g.Padding != "" {
		padding, _ = utf8.DecodeRuneInString(g.Padding)
	}
	return append([]rune{padding}, []rune(g.Alphabet)...)
}

func char(chars []rune, t int32) rune {
	if t < 0 || int(t) >= len(chars) {
		return '?'
	}
	return chars[t]
}

// layout implements gridTask.
func (g Grid) layout() layout {
	return layout{
		rows: g.Rows, cols: g.Cols, token: g.token, want: g.want(),
		forms: fmt.Sprintf("a grid is %d rows of %d characters, one line of %d, a CSV file with a column question, or JSON", g.Rows, g.Cols, g.SeqLen()),
	}
}

// text implements gridTask.
func (g Grid) text(l *lines, answers bool) textSource {
	r := newTextReader(l, g)
	r.answers = answers
	if g.Rules == "sudoku" {
		r.resize = g.beginning
	}
	return r
}

// beginning returns the sudoku that begins with a line: one of the own size, else one
// whose whole grid the line is, else one whose first row it is.
func (g Grid) beginning(line []symbol) gridTask {
	n, most := len(line), int32(0)
	for _, s := range line {
		t, ok := g.token(s.c)
		if !ok {
			return g
		}
		most = max(most, t)
	}
	if n == g.Cols || n == g.SeqLen() {
		return g
	}
	blanks := g.Vocab() - 1 - g.digits()
	for _, of := range []int{side(n), n} {
		if of > g.digits() || g.BlankToken() <= 1 && int(most) > of+blanks {
			continue // 16 cells with a 5 are a row of 16 x 16, not all of 4 x 4
		}
		if t, err := g.Sized(of, of); err == nil {
			return t.(Grid)
		}
	}
	return g
}

// digits is how many characters of the alphabet fill a cell.
func (g Grid) digits() int {
	if g.Blank == "" {
		return g.Vocab() - 1
	}
	return g.Vocab() - 2
}

// checkQuestion reports givens that contradict each other.
func (g Grid) checkQuestion(q []int32) (cell int, err error) {
	if g.Rules == "" {
		return 0, nil
	}
	if c := g.conflict(q); c != nil {
		return c.cell, errors.New(c.text)
	}
	return 0, nil
}

// Judges implements Judge: with Rules.
func (g Grid) Judges() bool { return g.Rules != "" }

// Check reports the first given that answer changed and the first cell that it left
// blank, where there are blanks, and what the rules forbid, where there are rules.
func (g Grid) Check(question, answer []int32) error {
	if err := checkLen(g, question, answer); err != nil {
		return err
	}
	blank, chars := g.BlankToken(), g.chars()
	for i, t := range answer {
		row, col := i/g.Cols+1, i%g.Cols+1
		switch q := question[i]; {
		case t < 0 || int(t) >= len(chars) || t == 0 && g.Padding == "":
			return wrong("row %d, column %d is none of %q", row, col, g.Alphabet)
		case g.Blank != "" && t == blank:
			return wrong("row %d, column %d is not filled", row, col)
		case g.Blank != "" && q != blank && q != t:
			return wrong("row %d, column %d was given as %q and is %q", row, col, char(chars, q), char(chars, t))
		}
	}
	if g.Rules == "" {
		return nil
	}
	if c := g.conflict(answer); c != nil {
		return wrong("%s", c.text)
	}
	return nil
}

// conflict returns the first cell with a character that its row, column or box has
// already.
func (g Grid) conflict(tokens []int32) *cellError {
	boxRows, boxCols := g.Boxes()
	chars, blank, seen := g.chars(), g.BlankToken(), map[[3]int]bool{}
	for i, t := range tokens {
		if t <= 0 || t == blank {
			continue
		}
		row, col := i/g.Cols, i%g.Cols
		units := []int{row, col}
		if boxRows > 0 {
			units = append(units, row/boxRows*(g.Cols/boxCols)+col/boxCols)
		}
		for k, u := range units {
			at := [3]int{k, u, int(t)}
			if seen[at] {
				return &cellError{i, fmt.Sprintf("%s %d holds %q twice", [...]string{"row", "column", "box"}[k], u+1, char(chars, t))}
			}
			seen[at] = true
		}
	}
	return nil
}

// Boxes implements Boxes: with the rules of sudoku as many boxes as rows, as near
// to squares as can be and lying down (6 x 6: 2 x 3); else none, 0, 0.
func (g Grid) Boxes() (rows, cols int) {
	if g.Rules != "sudoku" {
		return 0, 0
	}
	rows, cols, _ = sudoku.Boxes(g.Rows)
	return rows, cols
}

// Clashes implements Clasher; without rules nothing clashes.
func (g Grid) Clashes(tokens []int32) []bool {
	if g.Rules == "" {
		return make([]bool, len(tokens))
	}
	boxRows, boxCols := g.Boxes()
	return clashes(tokens, g.Cols, boxRows, boxCols, g.BlankToken())
}

// Paint implements Painter.
func (g Grid) Paint(question, output []int32) []Cell {
	cells, chars, blank := make([]Cell, len(output)), g.chars(), g.BlankToken()
	for i, t := range output {
		cells[i] = Cell{Text: string(char(chars, t)), Kind: CellAnswer}
		switch {
		case g.Blank != "" && question[i] != blank:
			cells[i] = Cell{Text: string(char(chars, question[i])), Kind: CellGiven}
		case g.Blank != "" && t == blank:
			cells[i] = Cell{Kind: CellBlank}
		case t == 0:
			cells[i] = Cell{}
		}
	}
	return cells
}
