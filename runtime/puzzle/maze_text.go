package puzzle

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// Characters that people draw mazes with. Letters mean what they can mean in the
// whole maze: see mazeTokens.
const (
	mazeWalls  = "#█▓▒■Xx1+-|"
	mazeOpens  = " ._0·"
	mazePaths  = "*•●"
	mazeStarts = "SAsaiI"
	mazeGoals  = "GEBgeboO"
)

const mazeWant = "want '#' (wall), ' ' or '.' (open), 'S', 'G' or 'o' (path)"

const mazeForms = "a maze is 2 to 255 rows of 2 to 255 characters, a square in one line, a CSV file with a column question, or JSON"

// mazeTokens reads cells. S, A, s or i is the start, G, E, B, e or o the goal,
// whichever is there; B is the start where there is E and no other start, and o is
// the path where there is another goal or more than one of it. An error is about
// the cell.
func mazeTokens(cells []rune) (tokens []int32, cell int, err error) {
	letters := map[rune]int32{}
	if err := mazeLetters(cells, letters); err != nil {
		return nil, err.cell, err
	}
	tokens = make([]int32, len(cells))
	for i, c := range cells {
		t, ok := letters[c]
		switch {
		case ok:
		case strings.ContainsRune(mazeWalls, c):
			t = MazeWall
		case strings.ContainsRune(mazeOpens, c):
			t = MazeOpen
		case strings.ContainsRune(mazePaths, c):
			t = MazePath
		default:
			return nil, i, fmt.Errorf("found %q, %s", c, mazeWant)
		}
		tokens[i] = t
	}
	return tokens, 0, nil
}

// cellError is an error about a cell.
type cellError struct {
	cell int
	text string
}

func (e *cellError) Error() string { return e.text }

// mazeLetters decides what the letters of a maze mean.
func mazeLetters(cells []rune, mean map[rune]int32) *cellError {
	first, count := map[rune]int{}, map[rune]int{}
	var starts, goals []rune
	for i, c := range cells {
		if count[c]++; count[c] > 1 {
			continue
		}
		first[c] = i
		switch {
		case strings.ContainsRune(mazeStarts, c):
			starts = append(starts, c)
		case c == 'o' || c == 'O':
		case strings.ContainsRune(mazeGoals, c):
			goals = append(goals, c)
		}
	}
	if len(starts) == 0 && count['B'] > 0 && count['E'] > 0 && len(goals) == 2 {
		starts, goals = []rune{'B'}, []rune{'E'}
	}
	for _, c := range "oO" {
		if count[c] == 1 && len(goals) == 0 {
			goals = append(goals, c)
		} else if count[c] > 0 {
			mean[c] = MazePath
		}
	}
	for _, ends := range []struct {
		of    []rune
		token int32
	}{{starts, MazeStart}, {goals, MazeGoal}} {
		for _, c := range ends.of {
			mean[c] = ends.token
			if c != ends.of[0] {
				return &cellError{first[c], fmt.Sprintf("found %q and %q, want one %q", ends.of[0], c, mazeByte(ends.token))}
			}
		}
	}
	return nil
}

// mazeLine says what a line is to the mazes around it: a row, something else, or
// meant as a row, with a character that is none.
func mazeLine(line string) lineKind {
	letters, known, n := 0, 0, 0
	for _, c := range line {
		switch {
		case c == ' ':
			continue
		case strings.ContainsRune(mazeWalls, c), strings.ContainsRune(mazeOpens, c), strings.ContainsRune(mazePaths, c), c == 'o', c == 'O':
			known++
		case strings.ContainsRune(mazeStarts, c), strings.ContainsRune(mazeGoals, c):
			letters++
		}
		n++
	}
	switch {
	case line == "":
		return lineEmpty
	case known+letters == n && letters <= 2:
		return lineRow
	case 4*(known+min(letters, 2)) >= 3*n && 2*known >= n:
		return lineBad
	}
	return lineText
}

// mazeReader reads mazes of any size: rows of characters, with an empty line or
// any text between two mazes; or each in a line of its own, a square or of the
// task's size.
type mazeReader struct {
	queue
	lines   *lines
	task    Maze
	answers bool // read grids without a look at whether they can be questions

	block  []string
	start  int    // line of the first row
	passed *Error // the first line that is no row
}

func (r *mazeReader) next() (Puzzle, error) {
	return r.first(r)
}

// read takes one line.
func (r *mazeReader) read() error {
	line, err := r.lines.next()
	var bad *Error
	switch {
	case err == io.EOF:
		r.flush()
		if r.closed = true; !r.found && r.passed != nil {
			r.fail(r.passed)
		}
		return nil
	case errors.As(err, &bad):
		r.flush()
		r.fail(bad)
		return nil
	case err != nil:
		return err
	}
	kind := mazeLine(line)
	if kind == lineText && r.passed == nil {
		r.passed = &Error{Line: r.lines.n, Err: fmt.Errorf("no row of a maze; %s", mazeForms)}
	}
	if kind == lineEmpty || kind == lineText {
		r.flush()
		return nil
	}
	r.take(line)
	return nil
}

// take adds a row, or a line that is a maze of its own.
func (r *mazeReader) take(line string) {
	n := utf8.RuneCountInString(line)
	if n > MaxMazeSide {
		r.flush()
		r.emit([]string{line}, r.lines.n)
		return
	}
	if len(r.block) > 2*MaxMazeSide {
		return // it is too long already
	}
	if len(r.block) == 0 {
		r.start = r.lines.n
	}
	r.block = append(r.block, line)
}

// flush ends the rows read so far.
func (r *mazeReader) flush() {
	rows, start := r.block, r.start
	r.block = nil
	if len(rows) == 0 {
		return
	}
	each := len(rows)
	switch whole := r.wholes(rows); {
	case whole > 0:
		each = whole
	case len(rows)%r.task.Rows == 0 && utf8.RuneCountInString(rows[0]) == r.task.Cols && count(rows, "SG") > 2:
		each = r.task.Rows // one after the other without an empty line
	}
	for i := 0; i < len(rows); i += each {
		r.emit(rows[i:min(i+each, len(rows))], start+i)
	}
}

// wholes returns 1 when every row is a maze of its own, with both ends.
func (r *mazeReader) wholes(rows []string) int {
	for _, line := range rows {
		starts, goals := count([]string{line}, mazeStarts), count([]string{line}, mazeGoals)
		if n := utf8.RuneCountInString(line); len(rows) > 1 && (starts == 0 || goals == 0) || n != r.task.SeqLen() && side(n) == 0 {
			return 0
		}
	}
	return 1
}

// count returns how many characters of the lines are in a set.
func count(lines []string, set string) (n int) {
	for _, line := range lines {
		for _, c := range line {
			if strings.ContainsRune(set, c) {
				n++
			}
		}
	}
	return n
}

// side returns the side of a square of n cells, 0 when there is none.
func side(n int) int {
	if s := int(math.Sqrt(float64(n)) + 0.5); s*s == n {
		return s
	}
	return 0
}

func (r *mazeReader) emit(rows []string, line int) {
	r.push(func() (Puzzle, error) { return r.puzzle(rows, line) })
}

// puzzle makes a maze of its rows, of which the first is at a line.
func (r *mazeReader) puzzle(rows []string, line int) (Puzzle, error) {
	cells, m, err := r.shape(rows, line)
	if err != nil {
		return Puzzle{}, err
	}
	at := func(cell int, err error) error {
		if len(rows) == 1 {
			return &Error{Line: line, Column: cell + 1, Err: err}
		}
		return &Error{Line: line + cell/m.Cols, Column: cell%m.Cols + 1, Err: err}
	}
	q, cell, err := mazeTokens(cells)
	if err != nil {
		return Puzzle{}, at(cell, err)
	}
	if cell, err := m.checkQuestion(q); err != nil && !r.answers {
		return Puzzle{}, at(cell, err)
	}
	return Puzzle{Question: q, Rows: m.Rows, Cols: m.Cols, Rating: -1, Where: lineWhere(line)}, nil
}

// shape finds the size, and pads rows whose spaces at the end are lost.
func (r *mazeReader) shape(rows []string, line int) (cells []rune, m Maze, err error) {
	m = r.task
	if len(rows) == 1 {
		cells = []rune(rows[0])
		if s := side(len(cells)); len(cells) != m.SeqLen() && s > 0 {
			m.Rows, m.Cols = s, s
		}
		if len(cells) != m.SeqLen() {
			return nil, m, &Error{Line: line, Err: fmt.Errorf("%d cells in one line, want rows, a square or %d", len(cells), m.SeqLen())}
		}
	} else {
		cols, spaces := 0, false
		for _, row := range rows {
			cols = max(cols, utf8.RuneCountInString(row))
			spaces = spaces || strings.Contains(row, " ")
		}
		for i, row := range rows {
			n := utf8.RuneCountInString(row)
			if n < cols && !spaces {
				return nil, m, &Error{Line: line + i, Err: fmt.Errorf("%d cells, want %d as in other rows", n, cols)}
			}
			cells = append(cells, []rune(row+strings.Repeat(" ", cols-n))...)
		}
		m.Rows, m.Cols = len(rows), cols
	}
	if _, err := m.Sized(m.Rows, m.Cols); err != nil {
		return nil, m, &Error{Line: line, Err: err}
	}
	return cells, m, nil
}
