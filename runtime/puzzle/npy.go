package puzzle

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// npyArray is an array in a NumPy file, read row by row and never held whole.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
type npyArray struct {
	r      io.ReaderAt
	name   string
	offset int64  // of the numbers
	size   int    // bytes of a number: 1, 4 or 8
	signed bool   // of one byte
	shape  [2]int // [rows, columns]; one dimension: columns 1
	buf    []byte // of one row
}

const npyMagic = "\x93NUMPY"

var npyTypes = map[string]struct {
	size   int
	signed bool
}{"|u1": {1, false}, "|i1": {1, true}, "<i4": {4, true}, "<i8": {8, true}}

// openNPY reads the header of a file of the given length. name is for errors.
func openNPY(r io.ReaderAt, length int64, name string) (*npyArray, error) {
	a := &npyArray{r: r, name: name}
	head := make([]byte, 12)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, a.fail("no NumPy file: %v", err)
	}
	if string(head[:6]) != npyMagic {
		return nil, a.fail("found %q, want a NumPy file", head[:6])
	}
	start, n := int64(10), int64(binary.LittleEndian.Uint16(head[8:]))
	switch head[6] {
	case 1:
	case 2, 3:
		start, n = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	default:
		return nil, a.fail("version %d, want 1, 2 or 3", head[6])
	}
	if n > 1<<16 || n > length-start {
		return nil, a.fail("a header of %d bytes in a file of %d", n, length)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, start, n), text); err != nil {
		return nil, a.fail("header: %v", err)
	}
	a.offset = start + n
	return a, a.parse(string(text), length)
}

func (a *npyArray) fail(format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrFormat, a.name, fmt.Sprintf(format, args...))
}

func (a *npyArray) parse(header string, length int64) error {
	descr, order, shape, ok := splitHeader(header)
	if !ok {
		return a.fail("header %.80q, want descr, fortran_order and shape", header)
	}
	kind, ok := npyTypes[descr]
	if !ok {
		return a.fail("numbers of type %.20q, want |u1, |i1, <i4 or <i8", descr)
	}
	if order != "False" {
		return a.fail("fortran_order is %.20q, want False", order)
	}
	a.size, a.signed = kind.size, kind.signed
	if err := a.parseShape(shape); err != nil {
		return err
	}
	rows, cols, have := int64(a.shape[0]), int64(a.shape[1]), length-a.offset
	if have%int64(a.size) != 0 || !productIs(rows, cols, have/int64(a.size)) {
		return a.fail("%d bytes of numbers, want %d x %d of %d bytes each", have, rows, cols, a.size)
	}
	return nil
}

// splitHeader returns the values of the dictionary, which NumPy always writes
// in the same way: {'descr': '<i4', 'fortran_order': False, 'shape': (3, 81), }
func splitHeader(header string) (descr, order, shape string, ok bool) {
	rest, ok1 := strings.CutPrefix(header, "{'descr': '")
	descr, rest, ok2 := strings.Cut(rest, "', 'fortran_order': ")
	order, rest, ok3 := strings.Cut(rest, ", 'shape': (")
	shape, rest, ok4 := strings.Cut(rest, "), }")
	return descr, order, shape, ok1 && ok2 && ok3 && ok4 && strings.Trim(rest, " \n") == ""
}

// productIs reports whether a * b == n, for numbers from 0, without overflow.
func productIs(a, b, n int64) bool {
	if a == 0 || b == 0 {
		return n == 0
	}
	return n%a == 0 && n/a == b
}

func (a *npyArray) parseShape(text string) error {
	dims := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, " ", ""), ","), ",")
	if len(dims) > 2 || dims[0] == "" {
		return a.fail("shape (%.80s), want one or two dimensions", text)
	}
	a.shape[1] = 1
	for i, d := range dims {
		v, err := strconv.ParseUint(d, 10, 31)
		if err != nil {
			return a.fail("shape (%.80s): %v", text, err)
		}
		a.shape[i] = int(v)
	}
	return nil
}

// row reads row i, whose numbers must lie in 0 to max, into dst [columns].
func (a *npyArray) row(i int, dst []int32, max int64) error {
	n := a.shape[1] * a.size
	if a.buf == nil {
		a.buf = make([]byte, n)
	}
	if got, err := a.r.ReadAt(a.buf, a.offset+int64(i)*int64(n)); got < n {
		return fmt.Errorf("%s: row %d: %w", a.name, i, err)
	}
	for k := range dst {
		v := a.number(a.buf[k*a.size:])
		if v < 0 || v > max {
			return a.fail("row %d, column %d is %d, want 0 to %d", i, k, v, max)
		}
		dst[k] = int32(v)
	}
	return nil
}

func (a *npyArray) number(b []byte) int64 {
	switch {
	case a.size == 8:
		return int64(binary.LittleEndian.Uint64(b))
	case a.size == 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case a.signed:
		return int64(int8(b[0]))
	}
	return int64(b[0])
}

// column reads a whole array of one dimension, whose numbers must lie in 0 to
// max.
func (a *npyArray) column(max int64) ([]int32, error) {
	if a.shape[1] != 1 {
		return nil, a.fail("shape %v, want one dimension", a.shape)
	}
	rows := a.shape[0]
	if rows > math.MaxInt32/a.size {
		return nil, a.fail("%d numbers, want at most %d", rows, math.MaxInt32/a.size)
	}
	a.shape = [2]int{1, rows}
	out := make([]int32, rows)
	if rows == 0 {
		return out, nil
	}
	return out, a.row(0, out, max)
}
