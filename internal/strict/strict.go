// Package strict reads msgpack that nobody vouches for: a value of another
// kind than asked for, a nil, an extension, a key that comes twice or a length
// beyond the bytes present is an error, and nothing is allocated before its
// length was checked. The library decodes what was found to be there; alone it
// takes nil for an empty map, skips an extension, keeps the last of two equal
// keys and allocates by a declared length. Encoder writes what Cursor reads.
package strict

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Cursor reads msgpack values of known kinds one after another.
type Cursor struct {
	format, truncated error // wrapped by every error
	data              []byte
	r                 *bytes.Reader // of data
	d                 *msgpack.Decoder
}

// NewCursor reads data. Errors wrap truncated where data ends too early, and
// format otherwise.
func NewCursor(data []byte, format, truncated error) *Cursor {
	r := bytes.NewReader(data)
	return &Cursor{format: format, truncated: truncated, data: data, r: r, d: msgpack.NewDecoder(r)}
}

// Pos returns the number of bytes read.
func (c *Cursor) Pos() int { return len(c.data) - c.r.Len() }

// Left returns the number of bytes not read.
func (c *Cursor) Left() int { return c.r.Len() }

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
	case msgpcode.IsFixedNum(code), code >= msgpcode.Uint8 && code <= msgpcode.Int64:
		return intKind
	case msgpcode.IsFixedMap(code), code == msgpcode.Map16, code == msgpcode.Map32:
		return mapKind
	case msgpcode.IsFixedArray(code), code == msgpcode.Array16, code == msgpcode.Array32:
		return arrayKind
	case msgpcode.IsString(code):
		return strKind
	case msgpcode.IsBin(code):
		return binKind
	case code == msgpcode.Float, code == msgpcode.Double:
		return floatKind
	case code == msgpcode.True, code == msgpcode.False:
		return boolKind
	}
	return otherKind
}

// failed is the error of a value that the library could not read.
func (c *Cursor) failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w at byte %d", c.truncated, c.Pos())
	}
	return fmt.Errorf("%w: byte %d: %v", c.format, c.Pos(), err)
}

// peek returns the code of the next value, and its kind.
func (c *Cursor) peek() (byte, kind, error) {
	code, err := c.d.PeekCode()
	if err != nil {
		return 0, "", c.failed(err)
	}
	return code, kindOf(code), nil
}

// read decodes a value of kind k.
func read[T any](c *Cursor, k kind, decode func() (T, error)) (v T, err error) {
	_, got, err := c.peek()
	if err == nil && got != k {
		err = fmt.Errorf("%w: byte %d: %s, want %s", c.format, c.Pos(), got, k)
	}
	if err != nil {
		return v, err
	}
	if v, err = decode(); err != nil {
		err = c.failed(err)
	}
	return v, err
}

// length reads a declared length and checks it against the bytes left, of which
// each element takes at least min.
func (c *Cursor) length(k kind, min int, decode func() (int, error)) (int, error) {
	n, err := read(c, k, decode)
	if err == nil && (n < 0 || n > c.Left()/min) { // of 32 bits: negative where an int has as many
		err = fmt.Errorf("%w: byte %d: %d elements of at least %d bytes declared, %d bytes left", c.truncated, c.Pos(), uint32(n), min, c.Left())
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Array returns the length of an array.
func (c *Cursor) Array() (int, error) { return c.length(arrayKind, 1, c.d.DecodeArrayLen) }

// Map returns the number of pairs in a map.
func (c *Cursor) Map() (int, error) { return c.length(mapKind, 2, c.d.DecodeMapLen) }

// Float returns a float, or an integer as one.
func (c *Cursor) Float() (float64, error) {
	if _, k, _ := c.peek(); k == intKind {
		n, err := c.Integer()
		return float64(n), err
	}
	return read(c, floatKind, c.d.DecodeFloat64)
}

// Bool returns a boolean.
func (c *Cursor) Bool() (bool, error) { return read(c, boolKind, c.d.DecodeBool) }

// raw returns the bytes of a string or bin, in place.
func (c *Cursor) raw(k kind) ([]byte, error) {
	n, err := c.length(k, 1, c.d.DecodeBytesLen)
	if err != nil {
		return nil, err
	}
	at := c.Pos()
	_, err = c.r.Seek(int64(n), io.SeekCurrent)
	return c.data[at : at+n : at+n], err
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
	code, _, err := c.peek()
	if err != nil {
		return 0, err
	}
	n, err := read(c, intKind, c.d.DecodeInt64)
	if err == nil && n < 0 && code == msgpcode.Uint64 {
		err = fmt.Errorf("%w: byte %d: integer %d is too large", c.format, c.Pos(), uint64(n))
	}
	return n, err
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
