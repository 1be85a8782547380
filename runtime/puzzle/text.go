package puzzle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// layout is how a grid is written as text.
type layout struct {
	rows  int
	cols  int                      // cells in a row
	chunk int                      // rows after which an empty line may stand; 0: nowhere
	token func(rune) (int32, bool) // of a cell
	want  string                   // what token accepts
	skip  func(rune) bool          // characters between cells
	rule  func(line string) bool   // lines between rows; an empty line never comes here
}

// row is one line of a grid.
type row struct {
	line    int
	tokens  []int32
	columns []int // of the tokens, from 1
}

// textReader reads grids that stand one in a line, or one row in a line.
//
// A grid of several lines ends after its last row, at an empty line, or
// before a line that holds a whole grid. Whatever is wrong in it is one
// error, and reading goes on behind it.
type textReader struct {
	lines  *lines
	task   gridTask
	lay    layout
	rows   []row
	start  int    // rows before the current chunk
	bad    *Error // the first error in rows
	ready  []func() (Puzzle, error)
	closed bool
}

func newTextReader(l *lines, t gridTask) *textReader {
	return &textReader{lines: l, task: t, lay: t.layout()}
}

func (r *textReader) next() (Puzzle, error) {
	for len(r.ready) == 0 {
		if r.closed {
			return Puzzle{}, io.EOF
		}
		if err := r.read(); err != nil {
			return Puzzle{}, err
		}
	}
	f := r.ready[0]
	r.ready = r.ready[1:]
	return f()
}

// read takes one line and appends the puzzles that it ends to ready.
func (r *textReader) read() error {
	line, err := r.lines.next()
	var bad *Error
	switch {
	case err == io.EOF:
		r.flush()
		r.closed = true
	case errors.As(err, &bad):
		r.flush()
		r.ready = append(r.ready, func() (Puzzle, error) { return Puzzle{}, bad })
	case err != nil:
		return err
	case r.empty(line):
		r.endChunk()
	case !r.lay.rule(line):
		r.take(line)
	}
	return nil
}

// empty reports a line that separates grids: for a layout in which blanks are
// cells only a line without any character.
func (r *textReader) empty(line string) bool {
	return line == "" || r.lay.skip(' ') && strings.TrimSpace(line) == ""
}

func (r *textReader) endChunk() {
	n := len(r.rows) - r.start
	if n == r.lay.chunk && n > 0 {
		r.start = len(r.rows)
		return
	}
	r.flush()
}

// take adds a line with cells: a whole grid, or a row.
func (r *textReader) take(line string) {
	w, bad := r.parse(line)
	if len(w.tokens) > 2*r.lay.cols {
		r.flush()
		r.rows, r.bad = append(r.rows, w), bad
		r.flush()
		return
	}
	if r.start > 0 && len(r.rows)-r.start == r.lay.chunk {
		r.flushBefore(r.start)
	}
	if bad == nil && len(w.tokens) != r.lay.cols {
		bad = &Error{Line: w.line, Err: fmt.Errorf("%d cells, want %d (a row) or %d (a whole grid)",
			len(w.tokens), r.lay.cols, r.task.SeqLen())}
	}
	if r.rows = append(r.rows, w); r.bad == nil {
		r.bad = bad
	}
	if len(r.rows) == r.lay.rows {
		r.flush()
	}
}

// parse splits a line into cells; an unknown character counts as a cell and
// is the error.
func (r *textReader) parse(line string) (row, *Error) {
	w := row{line: r.lines.n}
	var bad *Error
	col := 0
	for _, c := range line {
		col++
		if r.lay.skip(c) {
			continue
		}
		t, ok := r.lay.token(c)
		if !ok && bad == nil {
			bad = &Error{Line: w.line, Column: col, Err: fmt.Errorf("found %q, %s", c, r.lay.want)}
		}
		w.tokens = append(w.tokens, t)
		w.columns = append(w.columns, col)
	}
	return w, bad
}

// flushBefore ends a grid of the first n rows and keeps the others.
func (r *textReader) flushBefore(n int) {
	rest := append([]row(nil), r.rows[n:]...)
	r.rows = r.rows[:n]
	r.flush()
	r.rows = rest
}

// flush ends the grid of the rows read so far, if any.
func (r *textReader) flush() {
	rows, bad := r.rows, r.bad
	r.rows, r.bad, r.start = nil, nil, 0
	if len(rows) > 0 {
		r.ready = append(r.ready, func() (Puzzle, error) { return r.puzzle(rows, bad) })
	}
}

func (r *textReader) puzzle(rows []row, bad *Error) (Puzzle, error) {
	if bad != nil {
		return Puzzle{}, bad
	}
	var q []int32
	for _, w := range rows {
		q = append(q, w.tokens...)
	}
	if len(q) != r.task.SeqLen() {
		return Puzzle{}, r.miscount(rows, len(q))
	}
	if cell, err := r.task.checkQuestion(q); err != nil {
		w := rows[0]
		if len(rows) > 1 {
			w, cell = rows[cell/r.lay.cols], cell%r.lay.cols
		}
		return Puzzle{}, &Error{Line: w.line, Column: w.columns[cell], Err: err}
	}
	return Puzzle{Question: q, Rating: -1, Where: fmt.Sprintf("line %d", rows[0].line)}, nil
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

// Parse reads the one puzzle of a text: in any layout that text files have, or
// of a task without one as Encode does. The error wraps ErrFormat, and is an
// *Error where it has a place. A program that calls it and not NewReader holds
// no reader of CSV, JSON and gzip.
func Parse(task Task, text string) ([]int32, error) {
	t, ok := task.(gridTask)
	if !ok {
		return task.Encode(text)
	}
	r := newTextReader(&lines{in: bufio.NewReaderSize(strings.NewReader(text), maxLine)}, t)
	p, err := r.next()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: the text is empty, want a %s", ErrFormat, task.Name())
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.next(); err != io.EOF {
		return nil, fmt.Errorf("%w: the text goes on after one %s, want one", ErrFormat, task.Name())
	}
	return p.Question, nil
}
