package puzzle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/internal/filekind"
)

const (
	maxLine   = 1 << 16 // bytes of one line of text or CSV
	sniffSize = 1 << 13
)

// Reader streams puzzles from a file. It holds one puzzle at a time, however
// large the file.
type Reader struct {
	task  Task
	next  func() (Puzzle, error)
	close io.Closer // nil: nothing to close
}

// NewReader reads puzzles of a task from r: text, CSV with a header, or JSON, in
// UTF-8 or UTF-16, plain, gzip or zip. A nil task is recognised from the first
// bytes.
func NewReader(r io.Reader, task Task) (*Reader, error) { return Options{}.NewReader(r, task) }

// NewReader is NewReader with bounds.
func (o Options) NewReader(r io.Reader, task Task) (*Reader, error) {
	u, err := o.unpack(r)
	if err != nil {
		return nil, err
	}
	if u.zip != nil {
		return u.zip.reader(task)
	}
	return readText(u.text, task)
}

// readText reads the puzzles of one text.
func readText(in *bufio.Reader, task Task) (*Reader, error) {
	head, err := sniff(in, task)
	if len(head) == 0 && err != io.EOF {
		return nil, fmt.Errorf("reading puzzles: %w", err)
	}
	if err := foreign(head); err != nil {
		return nil, err
	}
	if task == nil {
		if task = recognise(string(head)); task == nil && len(bytes.TrimSpace(head)) > 0 {
			return nil, fmt.Errorf("%w: %s; want a sudoku, a maze or an ARC task, as text, CSV or JSON", ErrUnknown, seems(head))
		}
	}
	return newReader(in, task, string(head))
}

// foreign is the error about a file that holds no text of puzzles.
func foreign(head []byte) error {
	if len(head) == 0 {
		return nil
	}
	switch k := filekind.Of(head, int64(len(head))); k.Name {
	case filekind.Text, filekind.JSON, "XML":
		return nil
	case "":
		if bytes.IndexByte(head, 0) < 0 {
			return nil // text in another encoding
		}
		return fmt.Errorf("%w: binary data, want puzzles as text, CSV or JSON", ErrFormat)
	default:
		return fmt.Errorf("%w: it seems to be %v; want puzzles as text, CSV or JSON", ErrFormat, k)
	}
}

// seems says what a file of an unknown kind looks like.
func seems(head []byte) string {
	line := firstLine(strings.TrimSpace(string(head)))
	if k := filekind.Of(head, int64(len(head))); k.Name != "" {
		return fmt.Sprintf("it seems to be %s that begins with %.40q", k.Name, line)
	}
	return fmt.Sprintf("it begins with %.40q", line)
}

// sniff returns the first bytes, as many as are there when the first lines say
// what the file is: a pipe's first puzzle must not wait for the next ones.
func sniff(in *bufio.Reader, task Task) (head []byte, err error) {
	for n := 1; n <= sniffSize; n = len(head) + 1 {
		if _, err = in.Peek(n); err != nil {
			head, _ = in.Peek(in.Buffered())
			return head, err
		}
		head, _ = in.Peek(min(in.Buffered(), sniffSize))
		lines := bytes.TrimLeft(head[:bytes.LastIndexByte(head, '\n')+1], " \t\r\n")
		if len(bytes.TrimLeft(lines, "[{ \t\r\n")) > 0 && (task != nil || recognise(string(lines)) != nil) {
			break
		}
	}
	return head, nil
}

func newReader(in *bufio.Reader, task Task, head string) (*Reader, error) {
	r := &Reader{task: task}
	switch t := task.(type) {
	case gridTask:
		l := &lines{in: in}
		if isJSON(head) {
			r.next = newJSONGrids(in, t).next
		} else if isCSV(head) {
			c, err := newCSVReader(l, t)
			if err != nil {
				return nil, err
			}
			r.next = c.next
		} else {
			r.next = t.text(l, false).next
		}
	case sourceTask:
		r.next = t.source(in).next
	case nil:
		r.next = func() (Puzzle, error) { return Puzzle{}, io.EOF }
	default:
		return nil, fmt.Errorf("%w: task %s has no text format", ErrUnknown, task.Name())
	}
	if task == (Sudoku{}) {
		r.next = instead(r.next, func() error { return headOfAnotherSize(head) })
	}
	return r, nil
}

// instead returns another error, if there is one, for those that come before the first
// sound puzzle.
func instead(next func() (Puzzle, error), another func() error) func() (Puzzle, error) {
	sound, told := false, false
	return func() (Puzzle, error) {
		for {
			p, err := next()
			var bad *Error
			if sound = sound || err == nil; sound || !errors.As(err, &bad) {
				return p, err
			}
			if !told {
				told = true
				if other := another(); other != nil {
					return p, other
				}
				sound = true // of this kind, with something wrong
				return p, err
			}
		}
	}
}

// Task returns the kind of the puzzles; nil for an empty file of unknown kind.
func (r *Reader) Task() Task { return r.task }

// Next returns the next puzzle, or io.EOF at the end. After an *Error the
// next call goes on with the puzzle after the bad one; any other error (the
// file cannot be read) is final.
func (r *Reader) Next() (Puzzle, error) { return r.next() }

// Close closes the file that Open opened. It does not close the reader given
// to NewReader.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close.Close()
}

// gridTask is a Task whose puzzles are text grids.
type gridTask interface {
	Task
	layout() layout // of the task's own size
	// text reads grids from lines, with answers without a look at whether they can
	// be questions.
	text(l *lines, answers bool) textSource
	// checkQuestion reports the cell of a question that makes it impossible.
	checkQuestion(q []int32) (cell int, err error)
}

// sourceTask is a Task that reads its files itself.
type sourceTask interface {
	Task
	source(in *bufio.Reader) textSource
}

// textSource gives one puzzle after the other, and io.EOF after the last.
type textSource interface{ next() (Puzzle, error) }

// isJSON reports whether text begins as JSON, or as lists in a program do.
func isJSON(head string) bool {
	head = strings.TrimSpace(head)
	rest := strings.TrimLeft(head, "[{ \t\r\n")
	switch {
	case head == "" || head[0] != '[' && head[0] != '{':
		return false
	case rest == "":
		return true
	case strings.HasSuffix(strings.TrimSpace(head[:len(head)-len(rest)]), "{"):
		return strings.IndexByte("\"'}", rest[0]) >= 0
	case strings.IndexByte("\"'-0123456789]", rest[0]) >= 0:
		number := len(rest) - len(strings.TrimLeft(rest, "0123456789.-"))
		return number < 32 && !spacedNumbers(firstLine(rest))
	}
	for _, word := range []string{"null", "true", "false", "None"} {
		if strings.HasPrefix(rest, word) {
			return true
		}
	}
	return false
}

// spacedNumbers reports two numbers with nothing but space between them: NumPy
// prints lists so.
func spacedNumbers(text string) bool {
	rest := strings.TrimLeft(text, "0123456789.")
	next := strings.TrimLeft(rest, " \t")
	return len(rest) < len(text) && len(next) < len(rest) && next != "" && next[0] >= '0' && next[0] <= '9'
}

// hasARCKeys looks for the keys that only ARC tasks have.
func hasARCKeys(head string) bool {
	for i, part := range strings.Split(head, `"`) {
		if i%2 == 0 || !slices.Contains([]string{"train", "test", "splits", "input", "output"}, part) {
			continue
		}
		_, rest, _ := strings.Cut(head, `"`+part+`"`)
		rest = strings.Join(strings.Fields(rest[:min(len(rest), 64)]), "")
		if strings.HasPrefix(rest, ":[[") || strings.HasPrefix(rest, ":[{") || strings.HasPrefix(rest, ":{") {
			return true
		}
	}
	return false
}

// recogniseJSON tells the task of JSON by the keys and strings in its head.
func recogniseJSON(head string) Task {
	keys := strings.FieldsFunc(head, func(c rune) bool { return c == '"' || c == '\'' })
	switch {
	case hasARCKeys(head):
		return ARC{}
	case slices.ContainsFunc(keys, func(s string) bool { return len(s) > 8 && strings.Trim(s, "# SG") == "" && strings.Contains(s, "#") }):
		return Maze{Rows: 30, Cols: 30}
	case strings.HasPrefix(strings.TrimSpace(head), "[") || slices.ContainsFunc(keys, func(s string) bool {
		return rankOf(s).role == "question" || len(s) >= SudokuCells && strings.Trim(s, "0123456789.") == ""
	}):
		return Sudoku{}
	}
	return ARC{}
}

// Recognise returns the task of the puzzles that come next, of which nothing is read;
// nil where that is unclear, as it is of an archive. It is Sudokus where the first is a
// sudoku of another size than 9 x 9.
func Recognise(in *bufio.Reader) Task {
	head, _ := sniff(in, nil)
	return recognise(string(head))
}

// recogniseLine returns the first task that knows a line as one of its own.
func recogniseLine(line string) Task {
	for _, t := range Tasks {
		if r, ok := t.(Recogniser); ok && r.Recognises(line) {
			return t
		}
	}
	return nil
}

// recognise returns the task of a file that starts with head, nil if unclear.
func recognise(head string) Task {
	t := recogniseKind(head)
	if t != nil && t != (Sudoku{}) {
		return t
	}
	if headOfAnotherSize(head) != nil {
		return anySize
	}
	return t
}

// headOfAnotherSize is ofAnotherSize of a file that starts with head.
func headOfAnotherSize(head string) error {
	if !fits(head) {
		return nil
	}
	r, err := newReader(bufio.NewReaderSize(strings.NewReader(head), min(len(head)+16, maxLine)), anySize, head)
	if err != nil {
		return nil
	}
	return ofAnotherSize(r.next)
}

func recogniseKind(head string) Task {
	if isJSON(head) {
		return recogniseJSON(head)
	}
	if isCSV(head) {
		return recogniseCSV(head)
	}
	for line := range strings.Lines(head) {
		if t := recogniseLine(strings.TrimRight(line, "\r\n")); t != nil {
			return t
		}
	}
	return nil
}

// lines reads a file line by line, without its line ends.
type lines struct {
	in   *bufio.Reader
	n    int      // of the line read last, from 1
	rest []string // of the bytes read last, which end with carriage returns alone
}

func lineWhere(n int) string { return "line " + strconv.Itoa(n) }

var errLong = fmt.Errorf("line is longer than %d bytes", maxLine)

// next returns the next line. A line too long is skipped and reported as an
// *Error.
func (l *lines) next() (string, error) {
	if len(l.rest) > 0 {
		line := l.rest[0]
		l.n, l.rest = l.n+1, l.rest[1:]
		return line, nil
	}
	b, err := l.in.ReadSlice('\n')
	if len(b) == 0 && err == io.EOF {
		return "", io.EOF
	}
	l.n++
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.in.ReadSlice('\n')
		}
		if err == nil || err == io.EOF {
			return "", &Error{Line: l.n, Err: errLong}
		}
	}
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("line %d: %w", l.n, err)
	}
	line := string(bytes.TrimRight(b, "\r\n"))
	if strings.IndexByte(line, '\r') >= 0 {
		l.rest = strings.Split(line, "\r")
		line, l.rest = l.rest[0], l.rest[1:]
	}
	return line, nil
}

// encodeLine reads one grid from a line without layout.
func encodeLine(t Task, text string, token func(rune) (int32, bool), want string) ([]int32, error) {
	if out := encodeASCII(t.SeqLen(), text, token); out != nil {
		return out, nil
	}
	out := make([]int32, 0, t.SeqLen())
	col := 0
	for _, c := range text {
		col++
		v, ok := token(c)
		if !ok {
			return nil, &Error{Line: 1, Column: col, Err: fmt.Errorf("found %q, %s", c, want)}
		}
		if len(out) < t.SeqLen() {
			out = append(out, v)
		}
	}
	if n := utf8.RuneCountInString(text); n != t.SeqLen() {
		return nil, &Error{Line: 1, Err: fmt.Errorf("%d cells, want %d", n, t.SeqLen())}
	}
	return out, nil
}

// encodeASCII is encodeLine of what is sound, nil of anything else.
func encodeASCII(n int, text string, token func(rune) (int32, bool)) []int32 {
	if len(text) != n {
		return nil
	}
	out := make([]int32, n)
	for i := range out {
		v, ok := token(rune(text[i]))
		if !ok || text[i] >= utf8.RuneSelf {
			return nil
		}
		out[i] = v
	}
	return out
}
