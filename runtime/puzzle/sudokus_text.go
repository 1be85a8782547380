package puzzle

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// sudokusReader reads sudokus of all sizes, one in a line or one row in a line. The
// cells of a line say which: as many as a side has are a row, as many as a grid has are
// one. 16 cells are a row of 16 x 16 where one is above 4 or rows of 16 stand before
// them, and else all of a 4 x 4 that has one solution.
//
// What is of 9 x 9, or nothing, is left to the reader of Sudoku.
type sudokusReader struct {
	queue
	lines   *lines
	task    Sudokus
	answers bool // read grids as task.Digits says, without a look at whether they can be questions
	nine    *textReader

	rows   []sudokuRow
	side   int    // of the grid of rows
	sign   rune   // of its blank cells; 0: not known yet
	passed *Error // why the first row that was passed over is no grid
}

// sudokuRow is a line of cells.
type sudokuRow struct {
	line  int
	cells []textCell
	sign  rune // of its blank cells, the first; 0: there are none
	maybe bool // a rule, or a row of blank cells
}

// textCell is what is written in a cell, "." for all signs of a blank but 0, and its
// column from 1.
type textCell struct {
	text string
	col  int
}

func newSudokusReader(l *lines, t Sudokus, answers bool) *sudokusReader {
	r := &sudokusReader{lines: l, task: t, answers: answers, nine: newTextReader(l, Sudoku{})}
	r.nine.answers = answers
	return r
}

func (r *sudokusReader) next() (Puzzle, error) {
	return r.first(r)
}

// read takes one line.
func (r *sudokusReader) read() error {
	line, err := r.lines.next()
	var bad *Error
	switch {
	case err == io.EOF:
		r.end()
	case errors.As(err, &bad):
		r.flush()
		r.nine.flush()
		r.drain()
		r.fail(bad)
	case err != nil:
		return err
	default:
		r.take(line)
		r.drain()
	}
	return nil
}

// end ends the last grid, and reports a text that held none.
func (r *sudokusReader) end() {
	r.flush()
	r.nine.flush()
	r.drain()
	r.closed = true
	if r.passed == nil {
		r.passed = r.nine.passed
	}
	if !r.found && r.passed != nil {
		r.passed.Err = fmt.Errorf("%w; %s", r.passed.Err, r.task.layout().forms)
		r.fail(r.passed)
	}
}

// drain takes the puzzles that the reader of Sudoku has found.
func (r *sudokusReader) drain() {
	for _, f := range r.nine.ready {
		r.push(func() (Puzzle, error) {
			p, err := f()
			p.Rows, p.Cols = 9, 9
			return p, err
		})
	}
	r.nine.ready = nil
}

// take goes on with a line.
func (r *sudokusReader) take(line string) {
	row, rule := rowOf(line)
	row.line = r.lines.n
	side, whole := r.place(&row)
	switch {
	case side > 0 && r.adopts(side):
	case len(r.nine.rows) > 0:
		side = 0
	}
	switch {
	case side == 0 && len(r.rows) > 0 && rule:
		return
	case side == 0 && len(r.rows) > 0 && len(row.cells) == 0:
		if h, _, _ := sudoku.Boxes(r.side); len(r.rows)%h != 0 {
			r.flush()
		}
	case side == 0:
		r.flush()
		r.nine.take(r.nine.parse(line))
	case whole:
		r.flush()
		r.emit(side, []sudokuRow{row})
	default:
		r.add(side, row)
	}
}

// place returns of which side a line is a row or the whole grid, 0 where it is neither,
// or one of 9 x 9 in digits.
func (r *sudokusReader) place(row *sudokuRow) (n int, whole bool) {
	n = len(row.cells)
	of := side(n)
	switch {
	case len(r.rows) > 0 && n == r.side:
		return n, false
	case row.maybe && len(r.rows) == 0 && n < 4:
		return 0, false
	case n == 16 && !r.rowsOf16() && plausible(row.cells, 4) == n && (r.task.Side == 4 || solved4(row.cells)):
		return 4, true
	case (n == 9 || n == 81) && !lettersAlone(row.cells):
		return 0, false
	case sudoku.HasBoxes(n) && (plausible(row.cells, n) == n || n > 9 && 4*plausible(row.cells, n) >= 3*n):
		return n, false
	case of*of == n && sudoku.HasBoxes(of) && n != 16 && n-plausible(row.cells, of) <= 2:
		return of, true
	}
	return 0, false
}

// rowsOf16 reports that an answer of 16 x 16 is read. A question may have any size, whatever
// the task's own.
func (r *sudokusReader) rowsOf16() bool { return r.answers && r.task.Side == 16 }

// adopts reports whether no grid of 9 x 9 is under way, or one of nothing but blank cells
// so far, that letters go on: then it takes its rows.
func (r *sudokusReader) adopts(side int) bool {
	for _, w := range r.nine.rows {
		if side != 9 || slices.ContainsFunc(w.tokens, func(t int32) bool { return t > SudokuBlank }) {
			return false
		}
	}
	for _, w := range r.nine.rows {
		row := sudokuRow{line: w.line, sign: '.'}
		for _, col := range w.columns {
			row.cells = append(row.cells, textCell{".", col})
		}
		r.add(9, row)
	}
	r.nine.rows, r.nine.blank, r.nine.start = nil, 0, 0
	return true
}

// sideWithX is from which on X may be a digit; below it is a sign for a blank cell.
const sideWithX = 24

func isX(text string) bool { return text == "X" || text == "x" }

// plausible counts the cells that some way of writing knows in a sudoku of a side.
func plausible(cells []textCell, side int) (known int) {
	for i := range cells {
		n, letter, ok := valueOf(cells[i].text)
		if letter {
			n -= 9
		}
		if cells[i].text == "." || ok && n <= side || isX(cells[i].text) && side < sideWithX {
			known++
		}
	}
	return known
}

// lettersAlone reports letters that are digits: A to I, none of them 1 to 9.
func lettersAlone(cells []textCell) bool {
	s := signsOf(cells)
	return s.letter && !s.digit && !s.number && plausible(cells, 9) == len(cells)
}

// solved4 reports the cells of a sudoku of 4 x 4 with one solution.
func solved4(cells []textCell) bool {
	d, _, err := digitsOf(4, cells)
	if err != nil {
		return false
	}
	b := sudoku.BoardOf(4, tokensOf(d, cells))
	return sudoku.Search{Limit: 2}.RunBoard(&b).Count == 1
}

func tokensOf(d Digits, cells []textCell) []int32 {
	tokens := make([]int32, len(cells))
	for i := range cells {
		tokens[i], _ = d.token(cells[i].text)
	}
	return tokens
}

// add adds a row to the grid.
func (r *sudokusReader) add(side int, row sudokuRow) {
	if len(r.rows) > 0 && side != r.side {
		r.flush()
	}
	r.side = side
	if row.maybe && r.sign != 0 && r.sign != row.sign {
		return // a rule
	}
	if !row.maybe && row.sign != 0 && r.sign == 0 {
		r.sign = row.sign
		r.rows = slices.DeleteFunc(r.rows, func(w sudokuRow) bool { return w.maybe && w.sign != r.sign })
	}
	if r.rows = append(r.rows, row); len(r.rows) == side {
		r.flush()
	}
}

// flush ends the grid of the rows read so far, if any. A row alone is text perhaps.
func (r *sudokusReader) flush() {
	rows, side := r.rows, r.side
	r.rows, r.side, r.sign = nil, 0, 0
	if len(rows) == side && side > 0 {
		r.emit(side, rows)
		return
	}
	rows = slices.DeleteFunc(rows, func(w sudokuRow) bool { return w.maybe })
	small := side == 16 && !slices.ContainsFunc(rows, func(w sudokuRow) bool { return plausible(w.cells, 4) < 16 })
	switch {
	case len(rows) == 0:
	case small && !r.rowsOf16():
		for _, row := range rows {
			r.emit(4, []sudokuRow{row})
		}
	default:
		bad := &Error{Line: rows[0].line, Err: fmt.Errorf("a grid of %d rows of %d cells, want %d rows", len(rows), side, side)}
		if len(rows) > 1 {
			r.fail(bad)
		} else if r.passed == nil {
			r.passed = bad
		}
	}
}

func (r *sudokusReader) emit(side int, rows []sudokuRow) {
	r.push(func() (Puzzle, error) { return r.puzzle(side, rows) })
}

// puzzle makes one of the rows of a grid, or of the one line that holds it.
func (r *sudokusReader) puzzle(side int, rows []sudokuRow) (Puzzle, error) {
	var cells []textCell
	for _, row := range rows {
		cells = append(cells, row.cells...)
	}
	for i := range cells {
		if side < sideWithX && isX(cells[i].text) {
			cells[i].text = "."
		}
	}
	place := func(i int, err error) error {
		return &Error{Line: rows[i/len(rows[0].cells)].line, Column: cells[i].col, Err: err}
	}
	t := Sudokus{Side: side, Digits: r.task.Digits}
	if !r.answers {
		d, at, err := digitsOf(side, cells)
		if err != nil {
			return Puzzle{}, place(at, err)
		}
		t.Digits = d
	}
	p := Puzzle{Question: make([]int32, len(cells)), Rows: side, Cols: side, Digits: t.Digits, Rating: -1, Where: lineWhere(rows[0].line)}
	for i := range cells {
		token, ok := t.Digits.token(cells[i].text)
		if !ok || token < SudokuBlank || int(token) > side+1 {
			return Puzzle{}, place(i, fmt.Errorf("found %q, want %s", cells[i].text, t.Digits.describe(side)))
		}
		p.Question[i] = token
	}
	if r.answers {
		return p, nil
	}
	if cell, err := t.checkQuestion(p.Question); err != nil {
		return Puzzle{}, place(cell, err)
	}
	return p, nil
}

// ofAnotherSize is the error about a first puzzle that is a whole sudoku not of 9 x 9; nil
// of any other.
func ofAnotherSize(next func() (Puzzle, error)) error {
	p, err := next()
	if err != nil || p.Rows == 9 {
		return nil
	}
	return &Error{Where: p.Where, Err: fmt.Errorf("%w: %d x %d, want 9 x 9", ErrSize, p.Rows, p.Cols)}
}

// anySize is the task that reads a text to see which size it has.
var anySize = Sudokus{Side: 9}

// fits reports a text whose first line may hold a sudoku.
func fits(text string) bool { return len(firstLine(text)) <= maxRow }

// maxRow is the bytes of a line with all cells of the largest grid, and something around
// them.
const maxRow = 8 * sudoku.MaxSide * sudoku.MaxSide

// blankSigns are what stands for a blank cell, beside 0.
const blankSigns = ".-_*?"

// rowOf reads the cells of a line. rule reports a line of a frame, which has none.
func rowOf(line string) (row sudokuRow, rule bool) {
	if len(line) > maxRow {
		return row, false
	}
	table := strings.Trim(line, " \r\ufeff")
	line = strings.TrimFunc(line, isSpace)
	if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
		return row, false
	}
	if isRule(line) {
		return row, true
	}
	cells, sign := cellsOf(table) // tabs at its ends may stand for blank cells
	if !sudoku.HasBoxes(len(cells)) {
		cells, sign = cellsOf(line)
	}
	row = sudokuRow{cells: cells, sign: sign}
	row.maybe = strings.ContainsRune("-_*", sign) && !slices.ContainsFunc(cells, func(c textCell) bool { return c.text != "." })
	return row, len(cells) == 0
}

// isRule reports the lines of a frame. Those that could be blank cells are none.
func isRule(line string) bool {
	rule := false
	for _, c := range line {
		switch {
		case strings.ContainsRune("+=~:", c) || c >= 0x2500 && c < 0x2580 && !isVertical(c):
			rule = true
		case c != '-' && c != '_' && c != '*' && !isVertical(c) && !isSpace(c):
			return false
		}
	}
	return rule
}

// cellsOf returns what is written in the cells of a line, and the first sign of a blank.
// Words between spaces, lines and commas are cells when they are numbers, of which one
// has two digits, and as many as a side or a grid has; else every character is one. With
// nothing between two commas there is a blank cell.
func cellsOf(line string) (cells []textCell, sign rune) {
	words := wordsOf(line)
	if !areNumbers(words) {
		words = charactersOf(words)
	}
	for i := range words {
		text := words[i].text
		c, size := utf8.DecodeRuneInString(text)
		if text == "" {
			c = ' '
		}
		if text == "" || strings.ContainsRune(blankSigns, c) && strings.Trim(text, string(c)) == "" {
			words[i].text = "."
		} else if len(text) != size || c != '0' {
			continue
		}
		if sign == 0 {
			sign = c
		}
	}
	return words, sign
}

// wordsOf returns the words of a line; "" where nothing stands between two commas.
func wordsOf(line string) (words []textCell) {
	comma := strings.ContainsAny(line, ",;\t")
	start, col, empty := 0, 0, comma
	add := func(end, column int) {
		if text := line[start:end]; text != "" {
			words = append(words, textCell{text, column - utf8.RuneCountInString(text)})
			empty = false
		}
	}
	for i, c := range line {
		if col++; !isSeparator(c) {
			continue
		}
		add(i, col)
		if start = i + utf8.RuneLen(c); comma && strings.ContainsRune(",;\t", c) {
			if empty {
				words = append(words, textCell{"", col})
			}
			empty = true
		}
	}
	add(len(line), col+1)
	if empty && comma && !strings.HasSuffix(strings.TrimRightFunc(line, unicode.IsSpace), "]") {
		words = append(words, textCell{"", col})
	}
	return words
}

// areNumbers reports words that are the cells of a row or a grid, one of two digits.
func areNumbers(words []textCell) bool {
	n, two := len(words), false
	if of := side(n); n < 10 || !sudoku.HasBoxes(n) && (of*of != n || !sudoku.HasBoxes(of)) {
		return false
	}
	for _, w := range words {
		number := w.text != "" && strings.Trim(w.text, "0123456789") == ""
		if !number && strings.Trim(w.text, blankSigns) != "" && utf8.RuneCountInString(w.text) > 1 || number && len(w.text) > 2 {
			return false
		}
		two = two || number && len(w.text) == 2
	}
	return two
}

// charactersOf cuts words into characters.
func charactersOf(words []textCell) []textCell {
	n := 0
	for _, w := range words {
		n += max(1, utf8.RuneCountInString(w.text))
	}
	cells := make([]textCell, 0, n)
	for _, w := range words {
		if w.text == "" {
			cells = append(cells, w)
		}
		for col := w.col; w.text != ""; col++ {
			_, size := utf8.DecodeRuneInString(w.text)
			cells = append(cells, textCell{w.text[:size], col})
			w.text = w.text[size:]
		}
	}
	return cells
}
