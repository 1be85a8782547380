package puzzle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// jsonGrids reads grids from JSON of any shape: one value or many, in lines or
// not. A grid is a string that Parse reads, a list of its rows (strings or
// lists of cells), or a list of all its cells; a cell is a number, a string of
// one character, or null. An object holds a question and perhaps its answer,
// under the names of columns. Lists and objects around them are opened. Python's
// None, True, False, quotes and trailing commas are read too.
type jsonGrids struct {
	queue
	s     *jsonScanner
	task  gridTask
	lay   layout
	sizes bool        // the lists say which size a grid has: Sudokus
	stack []jsonLevel // the first is the file
}

// jsonLevel is an open list or object, or the file.
type jsonLevel struct {
	object    bool
	first     bool
	line, col int  // where it begins
	wanted    bool // it should hold a puzzle: what is none is an error
	found     bool // there was something in it

	// Of a list: its elements so far, cells or rows.
	cells []byte
	count int
	rows  []string
	bad   *Error

	// Of an object.
	key    string
	seen   map[string]bool
	grids  []jsonGrid
	source string
	rating string
}

// jsonGrid is the value of a key.
type jsonGrid struct {
	columnRank
	text      string // its rows, in lines
	line, col int
}

// jsonNode is a value that was read.
type jsonNode struct {
	kind      int
	text      string
	line, col int
}

const (
	nodeNothing = iota
	nodeCell
	nodeRow
	nodeGrid
	nodeText // of no use as a grid
)

func newJSONGrids(in *bufio.Reader, t gridTask) *jsonGrids {
	s := newJSONScanner(in)
	s.loose = true
	sudokus, sizes := t.(Sudokus)
	if sizes { // whatever the largest is that the model was trained on
		sudokus.Side = 9
		t = sudokus
	}
	return &jsonGrids{s: s, task: t, lay: t.layout(), sizes: sizes, stack: []jsonLevel{{wanted: true}}}
}

// ParseJSON reads the one puzzle of a JSON value: a string that Parse reads, or a
// list of rows or of cells, or an object with a question. The error wraps
// ErrFormat.
func ParseJSON(task Task, value []byte) (Puzzle, error) {
	s := newJSONScanner(bufio.NewReaderSize(bytes.NewReader(value), 16))
	s.loose = true
	if c, err := s.peek(); err == nil && c == '"' {
		text, err := s.string()
		if err == nil {
			err = s.end()
		}
		if err != nil {
			return Puzzle{}, err
		}
		return Parse(task, text)
	}
	t, ok := task.(gridTask)
	if !ok {
		return Parse(task, string(value))
	}
	if rows, ok := rowsOf(task, value); ok {
		return Parse(task, rows)
	}
	p, err := onlyOne(task, newJSONGrids(bufio.NewReaderSize(bytes.NewReader(value), 16), t))
	if err != nil && task == (Sudoku{}) {
		if other := ofAnotherSize(newJSONGrids(bufio.NewReaderSize(bytes.NewReader(value), 16), anySize).next); other != nil {
			err = other
		}
	}
	return p, err
}

// rowsOf returns the text of a list of rows, where the task's puzzles come in sizes:
// row by row they could be puzzles of one row each.
func rowsOf(task Task, value []byte) (text string, ok bool) {
	if _, sizes := task.(Sizer); !sizes {
		return "", false
	}
	s := newJSONScanner(bufio.NewReaderSize(bytes.NewReader(value), 16))
	s.loose = true
	var rows []string
	err := s.array(func() error {
		row, err := s.string()
		rows = append(rows, row)
		return err
	})
	if err == nil {
		err = s.end()
	}
	return strings.Join(rows, "\n"), err == nil && len(rows) > 1 && len(rows[0]) > 1
}

func (r *jsonGrids) next() (Puzzle, error) {
	return r.first(r)
}

// read takes a step, and goes on behind what is broken.
func (r *jsonGrids) read() error {
	err := r.step()
	var bad *Error
	if errors.As(err, &bad) {
		r.recover(bad)
		return nil
	}
	return err
}

// recover goes on in the next line, when what is broken began in this one: a
// file with a value in each line.
func (r *jsonGrids) recover(bad *Error) {
	r.fail(bad)
	if len(r.stack) > 1 && r.stack[1].line != r.s.line {
		r.closed = true
		return
	}
	r.stack = r.stack[:1]
	r.s.depth = 0
	if r.s.last == '\n' && !r.s.peeked {
		return
	}
	for {
		if c, err := r.s.byte(); err != nil || c == '\n' {
			r.closed = err != nil
			return
		}
	}
}

// step reads one value, or the beginning or end of a list or object.
func (r *jsonGrids) step() error {
	top := &r.stack[len(r.stack)-1]
	if len(r.stack) == 1 {
		return r.file()
	}
	closing := byte(']')
	if top.object {
		closing = '}'
	}
	ok, err := r.s.more(top.first, closing)
	if ok && err == nil && !top.first { // a comma before the end
		var c byte
		if c, err = r.s.peek(); err == nil && c == closing {
			ok, err = r.s.more(true, closing)
		}
	}
	if err != nil {
		return err
	}
	top.first = false
	if !ok {
		return r.close()
	}
	if top.object {
		if err := r.key(top); err != nil {
			return err
		}
	}
	return r.value()
}

// file reads the next value of the file itself.
func (r *jsonGrids) file() error {
	c, err := r.s.token()
	var end *Error
	if errors.As(err, &end) {
		r.closed = true
		r.atEnd()
		return nil
	}
	if err != nil || c == ',' {
		return err
	}
	r.s.unread()
	return r.value()
}

func (r *jsonGrids) atEnd() {
	top := &r.stack[0]
	if n := len(top.rows); n > 0 {
		r.fail(&Error{Line: r.s.line, Err: fmt.Errorf("a grid of %d rows, want %d", n, r.lay.rows)})
	}
	if !r.found {
		r.fail(&Error{Line: 1, Err: fmt.Errorf("JSON without a %s; %s", r.task.Name(), r.lay.forms)})
	}
}

// key reads the key of the next value of an object.
func (r *jsonGrids) key(top *jsonLevel) (err error) {
	if top.seen == nil {
		top.seen = map[string]bool{}
	}
	if top.key, err = r.s.name(top.seen); err != nil {
		return err
	}
	if (top.key == "train" || top.key == "test") && len(r.stack) <= 3 {
		if c, err := r.s.peek(); err == nil && c == '[' {
			r.closed = true
			return &Error{Line: r.s.line, Err: fmt.Errorf("an ARC task, want a %s", r.task.Name())}
		}
	}
	return nil
}

// value reads a scalar, or enters a list or object.
func (r *jsonGrids) value() error {
	c, err := r.s.peek()
	if err != nil {
		return err
	}
	n := jsonNode{line: r.s.line, col: r.s.col}
	switch {
	case c == '{' || c == '[':
		if err := r.s.open(c); err != nil {
			return err
		}
		r.stack = append(r.stack, jsonLevel{object: c == '{', first: true, line: n.line, col: n.col, wanted: r.wanted()})
		return nil
	case c == '"' || c == '\'':
		n.text, err = r.s.string()
		n.kind = r.kindOf(n.text)
	case c == '-' || c >= '0' && c <= '9':
		n.text, err = r.s.number()
		n.kind = nodeCell
	default:
		_, err = r.s.word()
		n.text, n.kind = ".", nodeCell
	}
	if err != nil {
		return err
	}
	r.give(n)
	return nil
}

// wanted reports whether the next value should hold a puzzle.
func (r *jsonGrids) wanted() bool {
	top := &r.stack[len(r.stack)-1]
	if top.object {
		return top.wanted && rankOf(top.key).role == "question"
	}
	return top.wanted
}

// kindOf tells what a string is by its length.
func (r *jsonGrids) kindOf(text string) int {
	switch n := utf8.RuneCountInString(text); {
	case n <= 1:
		return nodeCell
	case r.sizes:
		return r.sizedKind(text, n)
	case n == r.lay.cols:
		return nodeRow
	case n >= r.task.SeqLen() || r.otherSize(text):
		return nodeGrid
	}
	return nodeText
}

// otherSize reports a grid of another size than the task's own.
func (r *jsonGrids) otherSize(text string) bool {
	if _, ok := r.task.(Sizer); !ok {
		return false
	}
	_, err := parseGrid(r.task, text)
	return err == nil
}

// give hands a value to the list or object that it stands in.
func (r *jsonGrids) give(n jsonNode) {
	top := &r.stack[len(r.stack)-1]
	if top.object {
		r.field(top, n)
		return
	}
	switch n.kind {
	case nodeGrid:
		top.found = true
		r.emit(n, nil)
	case nodeRow:
		top.rows = append(top.rows, n.text)
		if len(r.stack) == 1 && len(top.rows) == r.lay.rows { // a row in each line of the file
			n.text = strings.Join(top.rows, "\n")
			top.rows = nil
			r.emit(n, nil)
		}
	case nodeCell:
		r.cell(top, n)
	case nodeText:
		if top.wanted {
			r.badText(n)
		}
	}
}

// badText is the error about a string that is no puzzle.
func (r *jsonGrids) badText(n jsonNode) {
	_, err := Parse(r.task, n.text)
	if err == nil {
		err = fmt.Errorf("%d characters, want %d", utf8.RuneCountInString(n.text), r.task.SeqLen())
	}
	r.fail(r.at(n, err))
}

// at places an error in a value.
func (r *jsonGrids) at(n jsonNode, err error) *Error {
	var inner *Error
	if errors.As(err, &inner) {
		err = inner.Err
		switch rows := strings.Contains(n.text, "\n"); {
		case rows && inner.Column > 0:
			err = fmt.Errorf("row %d, character %d: %w", inner.Line, inner.Column, err)
		case inner.Column > 0:
			err = fmt.Errorf("character %d: %w", inner.Column, err)
		case rows:
			err = fmt.Errorf("row %d: %w", inner.Line, err)
		}
	}
	return &Error{Line: n.line, Column: n.col, Err: err}
}

// cell adds a cell to a list.
func (r *jsonGrids) cell(top *jsonLevel, n jsonNode) {
	if len(r.stack) == 1 {
		return // a number alone
	}
	top.count++
	if top.count > max(r.task.SeqLen(), sudoku.MaxSide*sudoku.MaxSide) {
		return
	}
	text := n.text
	if r.sizes && len(top.cells) > 0 {
		top.cells = append(top.cells, ' ')
	}
	switch v, err := strconv.ParseFloat(text, 64); {
	case strings.TrimSpace(text) == "" || err == nil && v == -1:
		text = "."
	case err == nil && v >= 0 && v == float64(int(v)) && (v <= 9 || r.sizes && v <= sudoku.MaxSide):
		text = strconv.Itoa(int(v))
	case utf8.RuneCountInString(text) != 1:
		if top.bad == nil {
			top.bad = r.at(n, fmt.Errorf("found %s, %s", text, r.lay.want))
		}
		text = "."
	}
	top.cells = append(top.cells, text...)
}

// close ends a list or object.
func (r *jsonGrids) close() error {
	level := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	n := jsonNode{line: level.line, col: level.col}
	if level.object {
		r.object(&level)
		if level.found {
			r.stack[len(r.stack)-1].found = true
		}
		return nil
	}
	var bad *Error
	switch {
	case r.isRow(level.count) && len(level.rows) == 0:
		n.kind, n.text = nodeRow, string(level.cells)
	case r.isGrid(level.count) && len(level.rows) == 0 && r.sizes:
		n.kind, n.text = nodeGrid, string(level.cells)
	case r.isGrid(level.count) && len(level.rows) == 0:
		n.kind, n.text = nodeGrid, inRows(string(level.cells), r.lay.cols)
	case level.count == 0 && r.areRows(len(level.rows)):
		n.kind, n.text = nodeGrid, strings.Join(level.rows, "\n")
	case level.count > 0 && len(level.rows) > 0:
		bad = r.at(n, errors.New("a list of cells and of rows"))
	case level.count > 0:
		bad = r.at(n, fmt.Errorf("%d cells, want %d (a row) or %d (a whole grid)", level.count, r.lay.cols, r.task.SeqLen()))
	case len(level.rows) > 0:
		bad = r.at(n, fmt.Errorf("a grid of %d rows, want %d", len(level.rows), r.lay.rows))
	}
	if level.bad != nil {
		bad = level.bad
	}
	parent := &r.stack[len(r.stack)-1]
	parent.found = parent.found || level.found
	switch {
	case bad == nil:
		r.give(n)
	case n.kind == nodeRow && !parent.object: // of a grid
		parent.rows = append(parent.rows, n.text)
		if parent.bad == nil {
			parent.bad = bad
		}
	case level.wanted:
		parent.found = true
		r.fail(bad)
	}
	return nil
}

// inRows cuts text into lines of n characters.
func inRows(text string, n int) string {
	var b strings.Builder
	i := 0
	for _, c := range text {
		if i > 0 && i%n == 0 {
			b.WriteByte('\n')
		}
		b.WriteRune(c)
		i++
	}
	return b.String()
}

// field takes a value of an object.
func (r *jsonGrids) field(top *jsonLevel, n jsonNode) {
	rank := rankOf(top.key)
	switch {
	case rank.role == "source" && n.kind != nodeNothing:
		top.source = n.text
	case rank.role == "rating" && n.kind != nodeNothing:
		top.rating = n.text
	case n.kind == nodeGrid:
		if rank.role == "" {
			if _, err := parseGrid(r.task, n.text); err != nil {
				return // a long text
			}
		}
		top.grids = append(top.grids, jsonGrid{rank, n.text, n.line, n.col})
	case rank.role == "question" && (n.kind == nodeText || n.kind == nodeRow):
		top.found = true
		r.badText(n)
	}
}

// object makes puzzles of the grids of an object.
func (r *jsonGrids) object(o *jsonLevel) {
	var question, answer *jsonGrid
	var others []jsonGrid
	for i := range o.grids {
		g := &o.grids[i]
		switch {
		case g.role == "question" && (question == nil || g.rank < question.rank):
			question = g
		case g.role == "answer" && (answer == nil || g.rank < answer.rank):
			answer = g
		case g.role == "":
			others = append(others, *g)
		}
	}
	if question == nil && answer != nil && len(others) == 1 {
		question, others = &others[0], nil
	}
	switch {
	case question != nil:
		o.found = true
		r.puzzle(question, answer, o)
	case len(others) > 0:
		o.found = true
		for i := range others {
			r.puzzle(&others[i], nil, o)
		}
	case o.wanted && !o.found && len(r.stack) > 1:
		o.found = true
		r.fail(&Error{Line: o.line, Column: o.col, Err: errors.New("an object without a puzzle, want a key question")})
	}
}

func (r *jsonGrids) puzzle(q, a *jsonGrid, o *jsonLevel) {
	n := jsonNode{nodeGrid, q.text, q.line, q.col}
	r.emit(n, func(p *Puzzle) (err error) {
		p.Source = o.source
		var ok bool
		if p.Rating, ok = rating(o.rating); !ok {
			p.Rating = -1
		}
		if a == nil {
			return nil
		}
		at := jsonNode{nodeGrid, a.text, a.line, a.col}
		task := r.task
		if r.sizes {
			task = p.Of(task).(gridTask)
		}
		if p.Answer, err = parseGrid(task, a.text); err != nil {
			return r.at(at, err)
		}
		if err := p.Of(r.task).Check(p.Question, p.Answer); err != nil {
			return r.at(at, notAnswer(err))
		}
		return nil
	})
}

// emit makes the puzzle of a grid ready.
func (r *jsonGrids) emit(n jsonNode, more func(*Puzzle) error) {
	r.push(func() (Puzzle, error) {
		p, err := Parse(r.task, n.text)
		if err != nil {
			return Puzzle{}, r.at(n, err)
		}
		p.Where = fmt.Sprintf("line %d, column %d", n.line, n.col)
		if more != nil {
			if err := more(&p); err != nil {
				return Puzzle{}, err
			}
		}
		return p, nil
	})
}
