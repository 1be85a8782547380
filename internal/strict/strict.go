// Package strict reads msgpack that nobody vouches for: a value of another
// kind than asked for, a nil, an extension, a key that comes twice or a length
// beyond the bytes present is an error, and nothing is allocated before its
// length was checked. The Append functions write what it reads.
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
	pos               int
}

// NewCursor reads data. Errors wrap truncated where data ends too early, and
// format otherwise.
func NewCursor(data []byte, format, truncated error) *Cursor {
	return &Cursor{format: format, truncated: truncated, data: data}
}

// Pos returns the number of bytes read.
func (c *Cursor) Pos() int { return c.pos }

// Left returns the number of bytes not read.
func (c *Cursor) Left() int { return len(c.data) - c.pos }

func (c *Cursor) cut() error { return fmt.Errorf("%w at byte %d", c.truncated, c.pos) }

// peek returns the kind of the next value.
func (c *Cursor) peek() (kind, error) {
	if c.Left() == 0 {
		return "", c.cut()
	}
	return kindOf(c.data[c.pos]), nil
}

// head reads a code of kind k and the number that it holds or that follows it,
// in two's complement.
func (c *Cursor) head(k kind) (code byte, n uint64, err error) {
	got, err := c.peek()
	if err == nil && got != k {
		err = fmt.Errorf("%w: byte %d: %s, want %s", c.format, c.pos, got, k)
	}
	if err != nil {
		return 0, 0, err
	}
	code = c.data[c.pos]
	c.pos++
	width := widthOf(code)
	if width == 0 {
		return code, held(code), nil
	}
	if c.Left() < width {
		return 0, 0, c.cut()
	}
	for _, b := range c.data[c.pos : c.pos+width] {
		n = n<<8 | uint64(b)
	}
	c.pos += width
	return code, n, nil
}

// length reads a declared length and checks it against the bytes left, of which
// each element takes at least min.
func (c *Cursor) length(k kind, min int) (int, error) {
	_, n, err := c.head(k)
	if err == nil && n > uint64(c.Left()/min) {
		err = fmt.Errorf("%w: byte %d: %d elements of at least %d bytes declared, %d bytes left", c.truncated, c.pos, n, min, c.Left())
	}
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// Array returns the length of an array.
func (c *Cursor) Array() (int, error) { return c.length(arrayKind, 1) }

// Map returns the number of pairs in a map.
func (c *Cursor) Map() (int, error) { return c.length(mapKind, 2) }

// Float returns a float, or an integer as one.
func (c *Cursor) Float() (float64, error) {
	if k, _ := c.peek(); k == intKind {
		n, err := c.Integer()
		return float64(n), err
	}
	code, n, err := c.head(floatKind)
	if code == float32Code {
		return float64(math.Float32frombits(uint32(n))), err
	}
	return math.Float64frombits(n), err
}

// Bool returns a boolean.
func (c *Cursor) Bool() (bool, error) {
	code, _, err := c.head(boolKind)
	return code == trueCode, err
}

// raw returns the bytes of a string or bin, in place.
func (c *Cursor) raw(k kind) ([]byte, error) {
	n, err := c.length(k, 1)
	at := c.pos
	c.pos += n
	return c.data[at:c.pos:c.pos], err
}

// Bin returns the bytes of a bin, in place.
func (c *Cursor) Bin() ([]byte, error) { return c.raw(binKind) }

// Str returns a string, which is UTF-8.
func (c *Cursor) Str() (string, error) {
	at := c.pos
	b, err := c.raw(strKind)
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("%w: byte %d: string is not UTF-8", c.format, at)
	}
	return string(b), err
}

// Integer returns an integer that fits int64.
func (c *Cursor) Integer() (int64, error) {
	code, n, err := c.head(intKind)
	if err != nil {
		return 0, err
	}
	switch code {
	case int8Code:
		return int64(int8(n)), nil
	case int16Code:
		return int64(int16(n)), nil
	case int32Code:
		return int64(int32(n)), nil
	case uint64Code:
		if n > math.MaxInt64 {
			return 0, fmt.Errorf("%w: byte %d: integer %d is too large", c.format, c.pos, n)
		}
	}
	return int64(n), nil
}

// Scalar returns a string, bool, int64 or float64.
func (c *Cursor) Scalar() (any, error) {
	k, err := c.peek()
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
	return nil, fmt.Errorf("%w: byte %d: %s, want a string, boolean, integer or float", c.format, c.pos, k)
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
