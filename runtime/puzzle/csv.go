package puzzle

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns are the names in use, in tables and in JSON objects, by what they
// hold; of several that hold the same the earlier name is taken.
var columns = []struct {
	role  string
	names []string
}{
	{"question", []string{"question", "questions", "puzzle", "puzzles", "quiz", "quizzes", "sudoku", "sudokus", "maze", "mazes",
		"unsolved", "unsolvedsudoku", "sudokupuzzle", "problem", "problems", "board", "boards", "grid", "grids", "givens", "initial",
		"start", "mission", "input", "inputs", "value"}},
	{"answer", []string{"answer", "answers", "solution", "solutions", "solved", "solvedsudoku", "sudokusolution", "solvedboard",
		"completed", "final", "result", "target", "output", "outputs", "label", "labels"}},
	{"source", []string{"source"}},
	{"rating", []string{"rating"}},
	{"rows", []string{"rows", "height"}},
	{"cols", []string{"cols", "columns", "width"}},
}

type columnRank struct {
	role string // "": a name that is not ours
	rank int
}

// rankOf knows a name in any case, whatever stands between its letters.
func rankOf(name string) columnRank {
	if len(name) > 64 {
		return columnRank{}
	}
	name = strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
	for _, c := range columns {
		if i := slices.Index(c.names, name); i >= 0 {
			return columnRank{c.role, i}
		}
	}
	return columnRank{}
}

// csvReader reads a table with a header line. A column with questions is
// needed, answer, source and rating are used when there, others are ignored.
type csvReader struct {
	lines  *lines
	task   gridTask
	header header
	held   []numbered // lines that a quote without an end had joined
}

type numbered struct {
	text string
	n    int
}

// header is the first line of a table.
type header struct {
	separator rune
	names     []string
	at        map[string]int // what a column holds, to its field
}

// csvHeader reads a header line of two columns or more; ok is false when it is
// none. A table of one column is text.
func csvHeader(line string) (h header, ok bool) {
	for _, sep := range ",;\t|" {
		if !strings.ContainsRune(line, sep) {
			continue
		}
		names, err := splitCSV(line, sep)
		if err != nil {
			continue
		}
		h = header{sep, names, map[string]int{}}
		for i, name := range names {
			r := rankOf(name)
			if old, twice := h.at[r.role]; r.role != "" && (!twice || r.rank < rankOf(names[old]).rank) {
				h.at[r.role] = i
			}
		}
		if _, ok := h.at["question"]; ok {
			return h, true
		}
	}
	return header{}, false
}

// firstLine is the first line as the reader cuts lines, at a return alone too.
func firstLine(head string) string {
	if i := strings.IndexAny(head, "\r\n"); i >= 0 {
		return head[:i]
	}
	return head
}

// isCSV reports whether the first line is a header.
func isCSV(head string) bool {
	_, ok := csvHeader(firstLine(head))
	return ok
}

// recogniseCSV tells the task of a table by its first question.
func recogniseCSV(head string) Task {
	first := firstLine(head)
	h, _ := csvHeader(first)
	fields, err := splitCSV(firstLine(strings.TrimLeft(head[len(first):], "\r\n")), h.separator)
	if q := h.at["question"]; err == nil && q < len(fields) {
		if t := recogniseLine(fields[q]); t != nil {
			return t
		}
	}
	return Sudoku{}
}

func newCSVReader(l *lines, t gridTask) (*csvReader, error) {
	line, err := l.next()
	if err != nil {
		return nil, err
	}
	h, ok := csvHeader(line)
	if !ok {
		return nil, &Error{Line: 1, Err: errors.New("a table without a header, want column names and one of them question")}
	}
	return &csvReader{lines: l, task: t, header: h}, nil
}

// splitCSV splits one record.
func splitCSV(record string, separator rune) ([]string, error) {
	if !strings.Contains(record, `"`) {
		return strings.Split(record, string(separator)), nil
	}
	r := csv.NewReader(strings.NewReader(record))
	r.Comma, r.FieldsPerRecord = separator, -1
	fields, err := r.Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		err = bad.Err
	}
	return fields, err
}

func (r *csvReader) next() (Puzzle, error) {
	for {
		line, err := r.line()
		if err != nil {
			return Puzzle{}, err
		}
		if strings.TrimSpace(line.text) != "" {
			return r.record(line)
		}
	}
}

// line returns the next line, from those held first.
func (r *csvReader) line() (numbered, error) {
	if len(r.held) > 0 {
		line := r.held[0]
		r.held = r.held[1:]
		return line, nil
	}
	text, err := r.lines.next()
	return numbered{text, r.lines.n}, err
}

// maxJoined is how many lines a quoted field may have: a grid and a little.
const maxJoined = 64

// joined reads on to the end of a quoted field that holds several lines. Where
// there is none the lines are held, to be read one by one.
func (r *csvReader) joined(first numbered) ([]string, error) {
	text, more := first.text, []numbered(nil)
	for strings.Count(text, `"`)%2 == 1 && len(more) < maxJoined && len(text) < maxLine {
		line, err := r.line()
		if err != nil {
			break // the file's end, found again by the next read
		}
		text += "\n" + line.text
		more = append(more, line)
	}
	fields, err := splitCSV(text, r.header.separator)
	if err == nil && len(fields) == len(r.header.names) {
		return fields, nil
	}
	r.held = append(more, r.held...)
	return splitCSV(first.text, r.header.separator)
}

func (r *csvReader) record(line numbered) (Puzzle, error) {
	fields, err := splitCSV(line.text, r.header.separator)
	if err != nil {
		fields, err = r.joined(line)
	}
	if err != nil {
		return Puzzle{}, &Error{Line: line.n, Err: err}
	}
	if len(fields) != len(r.header.names) {
		return Puzzle{}, &Error{Line: line.n, Err: fmt.Errorf("%d fields, want %d as in the header", len(fields), len(r.header.names))}
	}
	rec := csvRecord{r, line.n, fields, r.task}
	p := Puzzle{Rating: -1, Where: lineWhere(line.n)}
	if err := rec.grids(&p); err != nil {
		return Puzzle{}, err
	}
	if i, ok := r.header.at["source"]; ok {
		p.Source = strings.Clone(fields[i])
	}
	if i, ok := r.header.at["rating"]; ok {
		if p.Rating, ok = rating(fields[i]); !ok {
			return Puzzle{}, rec.fail(i, 0, fmt.Errorf("rating %q, want a number from 0", fields[i]))
		}
	}
	return p, nil
}

// rating reads a difficulty, rounded down; -1 for none.
func rating(text string) (int, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return -1, true
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n, n >= 0
	}
	f, err := strconv.ParseFloat(text, 64)
	return int(f), err == nil && f >= 0 && f < math.MaxInt32
}

// csvRecord is one line of a table.
type csvRecord struct {
	r      *csvReader
	n      int
	fields []string
	task   gridTask // for the record's size
}

// grids reads question and answer, and checks one against the other.
func (c *csvRecord) grids(p *Puzzle) (err error) {
	q := c.r.header.at["question"]
	if err := c.resize(p); err != nil {
		return err
	}
	if sudokus, ok := c.task.(Sudokus); ok {
		err = c.sudoku(sudokus, q, p)
	} else {
		p.Question, err = c.grid(q)
	}
	if err != nil {
		return err
	}
	if cell, err := c.task.checkQuestion(p.Question); err != nil {
		return c.fail(q, cell+1, err)
	}
	a, ok := c.r.header.at["answer"]
	if !ok || c.fields[a] == "" {
		return nil
	}
	if p.Answer, err = c.grid(a); err != nil {
		return err
	}
	if err := c.task.Check(p.Question, p.Answer); err != nil {
		return c.fail(a, 0, notAnswer(err))
	}
	return nil
}

// sudoku reads a question of which the text says the size and how digits are written.
func (c *csvRecord) sudoku(task Sudokus, i int, p *Puzzle) error {
	found, err := Parse(task, c.fields[i])
	var bad *Error
	if errors.As(err, &bad) {
		return c.fail(i, bad.Column, bad.Err)
	}
	if err != nil {
		return c.fail(i, 0, err)
	}
	p.Question, p.Rows, p.Cols, p.Digits = found.Question, found.Rows, found.Cols, found.Digits
	c.task = p.Of(task).(gridTask)
	return nil
}

// resize finds the size of the record's grids, of a task that comes in sizes: in
// columns of its own, or as the question shows it.
func (c *csvRecord) resize(p *Puzzle) error {
	_, sizes := c.task.(Sizer)
	if _, ok := c.task.(Sudokus); ok || !sizes {
		return nil
	}
	q := c.r.header.at["question"]
	for role, to := range map[string]*int{"rows": &p.Rows, "cols": &p.Cols} {
		i, ok := c.r.header.at[role]
		if !ok || strings.TrimSpace(c.fields[i]) == "" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(c.fields[i]))
		if err != nil || n < 1 {
			return c.fail(i, 0, fmt.Errorf("%q, want a number from 1", c.fields[i]))
		}
		*to = n
	}
	if n := utf8.RuneCountInString(c.fields[q]); p.Rows == 0 || p.Cols == 0 {
		p.Rows, p.Cols = c.task.Size()
		if strings.Contains(c.fields[q], "\n") {
			if found, err := Parse(c.task, c.fields[q]); err == nil {
				p.Rows, p.Cols = found.Rows, found.Cols
			}
		} else if s := side(n); n != p.Rows*p.Cols && s > 1 {
			p.Rows, p.Cols = s, s
		}
	}
	t, err := Sized(c.task, p.Rows, p.Cols)
	if err != nil {
		return c.fail(q, 0, err)
	}
	c.task = t.(gridTask)
	return nil
}

// grid reads a field: a line of cells, or any text that Parse reads.
func (c *csvRecord) grid(i int) ([]int32, error) {
	tokens, err := c.task.Encode(c.fields[i])
	if err == nil {
		return tokens, nil
	}
	if p, e := parseGrid(c.task, c.fields[i]); e == nil {
		return p, nil
	}
	var bad *Error
	if errors.As(err, &bad) {
		return nil, c.fail(i, bad.Column, bad.Err)
	}
	return nil, err
}

// fail places an error at a character of a field, counted from 1; 0 is the
// field's start. Quotes before it are not counted.
func (c *csvRecord) fail(i, char int, err error) error {
	col := max(char, 1)
	for _, f := range c.fields[:i] {
		col += len([]rune(f)) + 1
	}
	return &Error{Line: c.n, Column: col, Err: fmt.Errorf("%s: %w", strings.ToLower(strings.TrimSpace(c.r.header.names[i])), err)}
}
