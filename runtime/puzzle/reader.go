package puzzle

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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

// NewReader reads puzzles of a task from r: text, CSV with a header, or for
// ARC JSON; plain or gzip. A nil task is recognised from the first bytes.
func NewReader(r io.Reader, task Task) (*Reader, error) {
	in, err := unpack(r)
	if err != nil {
		return nil, err
	}
	head, err := sniff(in, task)
	if len(head) == 0 && err != io.EOF {
		return nil, fmt.Errorf("reading puzzles: %w", err)
	}
	if task == nil {
		if task = recognise(string(head)); task == nil && len(bytes.TrimSpace(head)) > 0 {
			return nil, fmt.Errorf("%w: want a sudoku, a maze or an ARC task", ErrUnknown)
		}
	}
	return newReader(in, task, string(head))
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
		if len(lines) > 0 && (task != nil || recognise(string(lines)) != nil) {
			break
		}
	}
	return head, nil
}

// unpack buffers r, and decompresses it when it is gzip.
func unpack(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, maxLine)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		in = bufio.NewReaderSize(z, maxLine)
	}
	if bom, _ := in.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	return in, nil
}

func newReader(in *bufio.Reader, task Task, head string) (*Reader, error) {
	r := &Reader{task: task}
	switch t := task.(type) {
	case gridTask:
		l := &lines{in: in}
		if isCSV(head) {
			c, err := newCSVReader(l, t)
			if err != nil {
				return nil, err
			}
			r.next = c.next
		} else {
			r.next = newTextReader(l, t).next
		}
	case ARC:
		r.next = (&arcPuzzles{tasks: newARCReader(in)}).next
	case nil:
		r.next = func() (Puzzle, error) { return Puzzle{}, io.EOF }
	default:
		return nil, fmt.Errorf("%w: task %s has no text format", ErrUnknown, task.Name())
	}
	return r, nil
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
	layout() layout
	// checkQuestion reports the cell of a question that makes it impossible.
	checkQuestion(q []int32) (cell int, err error)
}

// recognise returns the task of a file that starts with head, nil if unclear.
func recognise(head string) Task {
	if strings.HasPrefix(strings.TrimSpace(head), "{") {
		return ARC{}
	}
	if isCSV(head) {
		return recogniseCSV(head)
	}
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if strings.Trim(line, "0123456789.|!-+= \t") == "" {
			return Sudoku{}
		}
		if strings.Trim(line, "# SGo.") == "" {
			return Maze{Rows: 30, Cols: 30}
		}
		if !strings.HasPrefix(line, "#") {
			return nil
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
