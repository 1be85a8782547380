package puzzle

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// csvReader reads a table with a header line. The column question is needed,
// answer, source and rating are used when there, others are ignored.
type csvReader struct {
	lines  *lines
	task   gridTask
	fields int
	at     map[string]int // column name to field
}

// csvColumns maps the names in use to those of Sudoku-Extreme.
var csvColumns = map[string]string{
	"question": "question", "puzzle": "question", "quizzes": "question",
	"answer": "answer", "solution": "answer", "solutions": "answer",
	"source": "source", "rating": "rating",
}

// csvHeader returns the fields of a header line, nil when it is none.
func csvHeader(line string) map[string]int {
	at := map[string]int{}
	fields, err := splitCSV(line)
	if err != nil {
		return nil
	}
	for i, f := range fields {
		name, ok := csvColumns[strings.TrimSpace(f)]
		if _, twice := at[name]; ok && !twice {
			at[name] = i
		}
	}
	if _, ok := at["question"]; !ok {
		return nil
	}
	return at
}

func firstLine(head string) string {
	line, _, _ := strings.Cut(head, "\n")
	return strings.TrimRight(line, "\r")
}

// isCSV reports whether the first line is a header, or a table without one.
func isCSV(head string) bool {
	line := firstLine(head)
	return csvHeader(line) != nil || strings.Contains(line, ",")
}

// recogniseCSV tells the task of a table by the size of its first question.
func recogniseCSV(head string) Task {
	at := csvHeader(firstLine(head))
	_, rest, _ := strings.Cut(head, "\n")
	fields, err := splitCSV(firstLine(rest))
	if at == nil || err != nil || at["question"] >= len(fields) {
		return Sudoku{}
	}
	if strings.ContainsAny(fields[at["question"]], "SG#") {
		return Maze{Rows: 30, Cols: 30}
	}
	return Sudoku{}
}

func newCSVReader(l *lines, t gridTask) (*csvReader, error) {
	line, err := l.next()
	if err != nil {
		return nil, err
	}
	at := csvHeader(line)
	if at == nil {
		return nil, &Error{Line: 1, Err: errors.New("a table without a header, want column names and one of them question")}
	}
	fields, _ := splitCSV(line)
	return &csvReader{lines: l, task: t, fields: len(fields), at: at}, nil
}

// splitCSV splits one line; a quoted field may not contain a line end.
func splitCSV(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		err = bad.Err
	}
	return fields, err
}

func (r *csvReader) next() (Puzzle, error) {
	for {
		line, err := r.lines.next()
		if err != nil {
			return Puzzle{}, err
		}
		if line != "" {
			return r.record(line)
		}
	}
}

func (r *csvReader) record(line string) (Puzzle, error) {
	fields, err := splitCSV(line)
	if err != nil {
		return Puzzle{}, &Error{Line: r.lines.n, Err: err}
	}
	if len(fields) != r.fields {
		return Puzzle{}, &Error{Line: r.lines.n, Err: fmt.Errorf("%d fields, want %d as in the header", len(fields), r.fields)}
	}
	p := Puzzle{Rating: -1, Where: fmt.Sprintf("line %d", r.lines.n)}
	if err := r.grids(&p, fields); err != nil {
		return Puzzle{}, err
	}
	if i, ok := r.at["source"]; ok {
		p.Source = strings.Clone(fields[i])
	}
	if i, ok := r.at["rating"]; ok && fields[i] != "" {
		if p.Rating, err = strconv.Atoi(strings.TrimSpace(fields[i])); err != nil || p.Rating < 0 {
			return Puzzle{}, r.fail(fields, i, 0, fmt.Errorf("rating %q, want a number from 0", fields[i]))
		}
	}
	return p, nil
}

// grids reads question and answer, and checks one against the other.
func (r *csvReader) grids(p *Puzzle, fields []string) (err error) {
	q := r.at["question"]
	if p.Question, err = r.grid(fields, q); err != nil {
		return err
	}
	if cell, err := r.task.checkQuestion(p.Question); err != nil {
		return r.fail(fields, q, cell+1, err)
	}
	a, ok := r.at["answer"]
	if !ok || fields[a] == "" {
		return nil
	}
	if p.Answer, err = r.grid(fields, a); err != nil {
		return err
	}
	if err := r.task.Check(p.Question, p.Answer); err != nil {
		return r.fail(fields, a, 0, fmt.Errorf("answer does not solve its question: %w", err))
	}
	return nil
}

func (r *csvReader) grid(fields []string, i int) ([]int32, error) {
	tokens, err := r.task.Encode(fields[i])
	var bad *Error
	if errors.As(err, &bad) {
		return nil, r.fail(fields, i, bad.Column, bad.Err)
	}
	return tokens, err
}

// fail places an error at a character of a field, counted from 1; 0 is the
// field's start. Quotes before it are not counted.
func (r *csvReader) fail(fields []string, i, char int, err error) error {
	col := max(char, 1)
	for _, f := range fields[:i] {
		col += len([]rune(f)) + 1
	}
	return &Error{Line: r.lines.n, Column: col, Err: fmt.Errorf("%s: %w", r.column(i), err)}
}

func (r *csvReader) column(i int) string {
	for name, at := range r.at {
		if at == i {
			return name
		}
	}
	return "field " + strconv.Itoa(i+1)
}
