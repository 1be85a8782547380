// Package strict reads msgpack that nobody vouches for: a value of another
// kind than asked for, a nil, an extension, a key that comes twice or a length
// beyond the bytes present is an error, and nothing is allocated before its
// length was checked. Encoder writes what Cursor reads. The tests hold both to a
// library, which would be a tenth of the browser's module.
package strict

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Cursor reads msgpack values of known kinds one after another.
type Cursor struct {
	format, truncated error // wrapped by every error
	data              []byte
	at                int // in data: what was read
}

// NewCursor reads data. Errors wrap truncated where data ends too early, and
// format otherwise.
func NewCursor(data []byte, format, truncated error) *Cursor {
	return &Cursor{format: format, truncated: truncated, data: data}
}

// Pos returns the number of bytes read.
func (c *Cursor) Pos() int { return c.at }

// Left returns the number of bytes not read.
func (c *Cursor) Left() int { return len(c.data) - c.at }

// The codes of msgpack. A fixed one holds its number or length in its low bits.
const (
	fixMap, fixArray, fixStr, fixNegative = 0x80, 0x90, 0xa0, 0xe0

	codeFalse, codeTrue                           = 0xc2, 0xc3
	codeBin8, codeBin16, codeBin32                = 0xc4, 0xc5, 0xc6
	codeFloat32, codeFloat64                      = 0xca, 0xcb
	codeUint8, codeUint16, codeUint32, codeUint64 = 0xcc, 0xcd, 0xce, 0xcf
	codeInt8, codeInt16, codeInt32, codeInt64     = 0xd0, 0xd1, 0xd2, 0xd3
	codeStr8, codeStr16, codeStr32                = 0xd9, 0xda, 0xdb
	codeArray16, codeArray32                      = 0xdc, 0xdd
	codeMap16, codeMap32                          = 0xde, 0xdf
)

// kind is a class of codes.
type kind string

const (
	arrayKind kind = "an array"
	mapKind   kind = "a map"
	strKind   kind = "a string"
	binKind   kind = "a bin"
	intKind   kind = "an integer"
	floatKind kind = "a float"
	boolKind  kind = "a boolean"
	otherKind kind = "a nil or an extension"
)

func kindOf(code byte) kind {
	switch {
	case code < fixMap, code >= fixNegative, code >= codeUint8 && code <= codeInt64:
		return intKind
	case code < fixArray, code == codeMap16, code == codeMap32:
		return mapKind
	case code < fixStr, code == codeArray16, code == codeArray32:
		return arrayKind
	case code < 0xc0, code >= codeStr8 && code <= codeStr32:
		return strKind
	case code >= codeBin8 && code <= codeBin32:
		return binKind
	case code == codeFloat32, code == codeFloat64:
		return floatKind
	case code == codeTrue, code == codeFalse:
		return boolKind
	}
	return otherKind
}

// width returns how many bytes of a number or length follow a code.
func width(code byte) int {
	switch code {
	case codeUint8, codeInt8, codeStr8, codeBin8:
		return 1
	case codeUint16, codeInt16, codeStr16, codeBin16, codeArray16, codeMap16:
		return 2
	case codeUint32, codeInt32, codeFloat32, codeStr32, codeBin32, codeArray32, codeMap32:
		return 4
	case codeUint64, codeInt64, codeFloat64:
		return 8
	}
	return 0
}

// peek returns the code of the next value, and its kind.
func (c *Cursor) peek() (byte, kind, error) {
	if c.Left() == 0 {
		return 0, "", c.cut()
	}
	code := c.data[c.at]
	return code, kindOf(code), nil
}

func (c *Cursor) cut() error { return fmt.Errorf("%w at byte %d", c.truncated, c.at) }

// head reads the code of a value of kind k and the number that follows it, 0 where
// there is none.
func (c *Cursor) head(k kind) (code byte, n uint64, err error) {
	code, got, err := c.peek()
	if err != nil {
		return 0, 0, err
	}
	if got != k {
		return 0, 0, fmt.Errorf("%w: byte %d: %s, want %s", c.format, c.at, got, k)
	}
	w := width(code)
	if c.Left() <= w {
		return 0, 0, c.cut()
	}
	for _, b := range c.data[c.at+1 : c.at+1+w] {
		n = n<<8 | uint64(b)
	}
	c.at += 1 + w
	return code, n, nil
}

// length reads a declared length and checks it against the bytes left, of which
// each element takes at least min.
func (c *Cursor) length(k kind, min int) (int, error) {
	code, n, err := c.head(k)
	switch {
	case err != nil:
		return 0, err
	case code < fixStr: // a map or an array
		n = uint64(code & 0xf)
	case code < 0xc0:
		n = uint64(code - fixStr)
	}
	if n > uint64(c.Left()/min) {
		return 0, fmt.Errorf("%w: byte %d: %d elements of at least %d bytes declared, %d bytes left", c.truncated, c.at, n, min, c.Left())
	}
	return int(n), nil
}

// Array returns the length of an array.
func (c *Cursor) Array() (int, error) { return c.length(arrayKind, 1) }

// Map returns the number of pairs in a map.
func (c *Cursor) Map() (int, error) { return c.length(mapKind, 2) }

// Float returns a float, or an integer as one.
func (c *Cursor) Float() (float64, error) {
	if _, k, _ := c.peek(); k == intKind {
		n, err := c.Integer()
		return float64(n), err
	}
	code, bits, err := c.head(floatKind)
	if code == codeFloat32 {
		return float64(math.Float32frombits(uint32(bits))), err
	}
	return math.Float64frombits(bits), err
}

// Bool returns a boolean.
func (c *Cursor) Bool() (bool, error) {
	code, _, err := c.head(boolKind)
	return code == codeTrue, err
}

// raw returns the bytes of a string or bin, in place.
func (c *Cursor) raw(k kind) ([]byte, error) {
	n, err := c.length(k, 1)
	if err != nil {
		return nil, err
	}
	at := c.at
	c.at += n
	return c.data[at:c.at:c.at], nil
}

// Bin returns the bytes of a bin, in place.
func (c *Cursor) Bin() ([]byte, error) { return c.raw(binKind) }

// Str returns a string, which is UTF-8.
func (c *Cursor) Str() (string, error) {
	at := c.Pos()
	b, err := c.raw(strKind)
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("%w: byte %d: string is not UTF-8", c.format, at)
	}
	return string(b), err
}

// Integer returns an integer that fits int64.
func (c *Cursor) Integer() (int64, error) {
	code, n, err := c.head(intKind)
	switch code {
	case codeUint8, codeUint16, codeUint32, codeInt64:
		return int64(n), err
	case codeUint64:
		if n > math.MaxInt64 {
			err = fmt.Errorf("%w: byte %d: integer %d is too large", c.format, c.at, n)
		}
		return int64(n), err
	case codeInt8:
		return int64(int8(n)), err
	case codeInt16:
		return int64(int16(n)), err
	case codeInt32:
		return int64(int32(n)), err
	}
	return int64(int8(code)), err
}

// Scalar returns a string, bool, int64 or float64.
func (c *Cursor) Scalar() (any, error) {
	_, k, err := c.peek()
	if err != nil {
		return nil, err
	}
	switch k {
	case strKind:
		return c.Str()
	case intKind:
		return c.Integer()
	case floatKind:
		return c.Float()
	case boolKind:
		return c.Bool()
	}
	return nil, fmt.Errorf("%w: byte %d: %s, want a string, boolean, integer or float", c.format, c.Pos(), k)
}

// Each reads a map of string keys, calling field to read the value of each,
// and refuses a key that comes twice.
func (c *Cursor) Each(what string, field func(key string) error) error {
	n, err := c.Map()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	seen := map[string]bool{}
	for range n {
		key, err := c.Str()
		if err != nil {
			return fmt.Errorf("key in %s: %w", what, err)
		}
		if seen[key] {
			return fmt.Errorf("%w: %s has the key %q twice", c.format, what, key)
		}
		seen[key] = true
		if err := field(key); err != nil {
			return fmt.Errorf("%s in %s: %w", QuoteKey(key), what, err)
		}
	}
	return nil
}

// QuoteKey quotes and shortens a key for an error message.
func QuoteKey(key string) string {
	if len(key) > 80 {
		return fmt.Sprintf("%q...", key[:80])
	}
	return fmt.Sprintf("%q", key)
}
