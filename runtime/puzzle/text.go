package puzzle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Forms says in a sentence what can be read as a puzzle of a task.
func Forms(t Task) string {
	if l, ok := t.(interface{ layout() layout }); ok {
		return l.layout().forms
	}
	return fmt.Sprintf("an %s task is JSON with train and test", strings.ToUpper(t.Name()))
}

// layout is how a grid is written as text.
type layout struct {
	rows  int
	cols  int
	chunk int                      // rows after which an empty line may stand; 0: nowhere
	token func(rune) (int32, bool) // of a cell
	want  string                   // what token accepts
	forms string                   // what can be read, for errors
	// loose: there may be frames and separators between cells, text around
	// them, and another symbol for a blank cell. Else every character of a
	// line is a cell.
	loose bool
	blank int32 // the token of a blank cell, when loose
}

// row is one line of a grid, or all of it.
type row struct {
	line    int
	tokens  []int32
	columns []int   // of the tokens, from 1
	answer  []int32 // that stands in the same line, nil when there is none
	blank   rune    // how it writes a blank cell, '.' for '.' and '0'; 0: it has none
	maybe   bool    // a row only where the grid writes its blanks so
	heading bool    // 1 to 9 in order: perhaps the numbers of the columns
	framed  bool
}

// textReader reads grids that stand one in a line, or one row in a line, with
// any text between them.
//
// A grid of several lines ends after its last row, at an empty line, before a
// line that cannot be a row, or before a line that holds a whole grid. Whatever
// is wrong in it is one error, and reading goes on behind it.
type textReader struct {
	queue
	lines   *lines
	task    gridTask
	lay     layout
	rows    []row
	start   int                          // rows before the current chunk
	blank   rune                         // of the grid of rows; 0: not known yet
	bad     *Error                       // the first error in rows
	resize  func(line []symbol) gridTask // of a task that comes in sizes: that which a grid has that begins so
	answers bool                         // read grids without a look at whether they can be questions
	passed  *Error                       // why the first line that was passed over is no grid
}

func newTextReader(l *lines, t gridTask) *textReader {
	return &textReader{lines: l, task: t, lay: t.layout()}
}

func (r *textReader) next() (Puzzle, error) {
	return r.first(r)
}

// read takes one line and appends the puzzles that it ends to ready.
func (r *textReader) read() error {
	line, err := r.lines.next()
	var bad *Error
	switch {
	case err == io.EOF:
		r.flush()
		r.closed = true
		if !r.found && r.passed != nil {
			r.passed.Err = fmt.Errorf("%w; %s", r.passed.Err, r.lay.forms)
			r.fail(r.passed)
		}
	case errors.As(err, &bad):
		r.flush()
		r.fail(bad)
	case err != nil:
		return err
	default:
		r.take(r.parse(line))
	}
	return nil
}

// take goes on with a line.
func (r *textReader) take(p parsed) {
	switch p.kind {
	case lineEmpty:
		r.endChunk()
	case lineRule:
		r.dropHeading()
	case lineText:
		r.flush()
		r.pass(p.bad)
	case lineGrids:
		r.flush()
		for _, w := range p.rows {
			r.emit([]row{w}, nil)
		}
	case lineBad:
		r.flush()
		r.fail(p.bad)
	case lineRow:
		r.add(p.rows[0], p.bad)
	}
}

// pass remembers the first line that is nothing.
func (r *textReader) pass(bad *Error) {
	if r.passed == nil {
		r.passed = bad
	}
}

func (r *textReader) endChunk() {
	n := len(r.rows) - r.start
	if n == r.lay.chunk && n > 0 {
		r.start = len(r.rows)
		return
	}
	r.flush()
}

// add adds a row to the grid.
func (r *textReader) add(w row, bad *Error) {
	if w.maybe && w.blank != ' ' || w.framed && len(r.rows) == 1 && !r.rows[0].framed {
		r.dropHeading()
	}
	if w.maybe && !r.wants(&w) {
		return
	}
	if !w.maybe && w.blank != 0 && w.blank != r.blank {
		if r.blank != 0 && bad == nil {
			bad = &Error{Line: w.line, Err: fmt.Errorf("a blank cell is %q here and %q in the rows above", w.blank, r.blank)}
		}
		if r.blank == 0 {
			r.blank = w.blank
			r.settle()
		}
	}
	if r.start > 0 && len(r.rows)-r.start == r.lay.chunk {
		r.flushBefore(r.start)
	}
	if r.rows = append(r.rows, w); r.bad == nil {
		r.bad = bad
	}
	if len(r.rows) == r.lay.rows {
		r.flush()
	}
}

// dropHeading drops the numbers of the columns, when they are all that came.
func (r *textReader) dropHeading() {
	if len(r.rows) == 1 && r.rows[0].heading {
		r.rows = r.rows[:0]
	}
}

// wants reports whether a line that may be a row or a rule, a number or
// nothing is a row, or may become one.
func (r *textReader) wants(w *row) bool {
	if r.blank != 0 {
		if w.blank == ' ' && r.blank != ' ' {
			r.endChunk()
		}
		return r.blank == w.blank
	}
	if w.blank == ' ' && slices.ContainsFunc(r.rows, func(w row) bool { return !w.maybe }) {
		r.endChunk()
		return false
	}
	return true
}

// settle drops the lines that would be rows if blanks were written otherwise.
func (r *textReader) settle() {
	r.rows = slices.DeleteFunc(r.rows, func(w row) bool {
		drop := w.maybe && w.blank != r.blank
		if drop {
			r.pass(r.miscounted(&w))
		}
		return drop
	})
	r.start = min(r.start, len(r.rows))
}

func (r *textReader) miscounted(w *row) *Error {
	return &Error{Line: w.line, Err: fmt.Errorf("%d cells, want %d (a row) or %d (a whole grid)", len(w.tokens), r.lay.cols, r.task.SeqLen())}
}

// flushBefore ends a grid of the first n rows and keeps the others.
func (r *textReader) flushBefore(n int) {
	rest, blank := slices.Clone(r.rows[n:]), r.blank
	r.rows = r.rows[:n]
	r.flush()
	r.rows, r.blank = rest, blank
}

// flush ends the grid of the rows read so far, if any.
func (r *textReader) flush() {
	if len(r.rows) != r.lay.rows {
		r.settle()
	}
	rows, bad := r.rows, r.bad
	r.rows, r.bad, r.start, r.blank = nil, nil, 0, 0
	if len(rows) > 0 {
		r.emit(rows, bad)
	}
}

func (r *textReader) emit(rows []row, bad *Error) {
	r.push(func() (Puzzle, error) { return r.puzzle(rows, bad) })
}

func (r *textReader) puzzle(rows []row, bad *Error) (Puzzle, error) {
	if bad != nil {
		return Puzzle{}, bad
	}
	q := rows[0].tokens
	if len(rows) > 1 {
		q = nil
		for _, w := range rows {
			q = append(q, w.tokens...)
		}
	}
	if len(q) != r.task.SeqLen() {
		return Puzzle{}, r.miscount(rows, len(q))
	}
	if r.answers {
		return Puzzle{Question: q}, nil
	}
	if cell, err := r.task.checkQuestion(q); err != nil {
		w := rows[0]
		if len(rows) > 1 {
			w, cell = rows[cell/r.lay.cols], cell%r.lay.cols
		}
		return Puzzle{}, &Error{Line: w.line, Column: w.columns[cell], Err: err}
	}
	p := Puzzle{Question: q, Answer: rows[0].answer, Rating: -1, Where: lineWhere(rows[0].line)}
	if r.resize != nil {
		p.Rows, p.Cols = r.task.Size()
	}
	return p, nil
}

func (r *textReader) miscount(rows []row, cells int) error {
	e := &Error{Line: rows[0].line}
	if len(rows) > 1 || cells == r.lay.cols {
		e.Err = fmt.Errorf("a grid of %d rows, want %d", len(rows), r.lay.rows)
	} else {
		e.Err = fmt.Errorf("%d cells, want %d", cells, r.task.SeqLen())
	}
	return e
}

// Parse reads the one puzzle of a text: in any layout that text files have, of ARC a
// task of one test in the public JSON form, or a grid alone. The error wraps ErrFormat,
// and is an *Error where it has a place. A program that calls it and not NewReader holds
// no reader of CSV, other JSON and archives.
func Parse(task Task, text string) (Puzzle, error) {
	t, ok := task.(gridTask)
	if !ok {
		if _, isARC := task.(ARC); isARC && strings.HasPrefix(strings.TrimSpace(text), "{") {
			in := bufio.NewReaderSize(strings.NewReader(text), 16)
			return onlyOne(task, &arcPuzzles{tasks: newARCReader(in, "")})
		}
		q, err := task.Encode(text)
		return Puzzle{Question: q, Rating: -1}, err
	}
	p, err := onlyOne(t, t.text(linesOf(text), false))
	if err != nil && t == (Sudoku{}) && fits(text) {
		if other := ofAnotherSize(anySize.text(linesOf(text), false).next); other != nil {
			err = other
		}
	}
	return p, err
}

// parseGrid is Parse for a grid that may be an answer.
func parseGrid(t gridTask, text string) ([]int32, error) {
	p, err := onlyOne(t, t.text(linesOf(text), true))
	return p.Question, err
}

func linesOf(text string) *lines {
	return &lines{in: bufio.NewReaderSize(strings.NewReader(text), min(len(text)+16, maxLine))}
}

func onlyOne(t Task, r textSource) (Puzzle, error) {
	p, err := r.next()
	if err == io.EOF {
		return p, fmt.Errorf("%w: the text is empty, want a %s", ErrFormat, t.Name())
	}
	if err != nil {
		return p, err
	}
	if _, err := r.next(); err != io.EOF {
		return Puzzle{}, fmt.Errorf("%w: the text goes on after one %s, want one", ErrFormat, t.Name())
	}
	return p, nil
}
