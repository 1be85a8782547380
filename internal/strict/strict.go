// Package strict reads msgpack that nobody vouches for: a value of another
// kind than asked for, a nil, an extension, a key that comes twice or a length
// beyond the bytes present is an error, and nothing is allocated before its
// length was checked.
package strict

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Cursor reads msgpack values of known kinds one after another. The library
// decodes codes and numbers; lengths are checked here.
type Cursor struct {
	format, truncated error // wrapped by every error
	data              []byte
	r                 *bytes.Reader
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

// kind is a class of msgpack codes.
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
	case msgpcode.IsFixedArray(code), code == msgpcode.Array16, code == msgpcode.Array32:
		return arrayKind
	case msgpcode.IsFixedMap(code), code == msgpcode.Map16, code == msgpcode.Map32:
		return mapKind
	case msgpcode.IsFixedString(code), code == msgpcode.Str8, code == msgpcode.Str16, code == msgpcode.Str32:
		return strKind
	case msgpcode.IsBin(code):
		return binKind
	case msgpcode.IsFixedNum(code), code >= msgpcode.Uint8 && code <= msgpcode.Int64:
		return intKind
	case code == msgpcode.Float, code == msgpcode.Double:
		return floatKind
	case code == msgpcode.True, code == msgpcode.False:
		return boolKind
	}
	return otherKind
}

// Left returns the number of bytes not read.
func (c *Cursor) Left() int { return c.r.Len() }

// peek returns the kind of the next value.
func (c *Cursor) peek() (kind, error) {
	code, err := c.d.PeekCode()
	if err != nil {
		return "", c.cut(err)
	}
	return kindOf(code), nil
}

func (c *Cursor) want(k kind) error {
	got, err := c.peek()
	if err == nil && got != k {
		err = fmt.Errorf("%w: byte %d: %s, want %s", c.format, c.Pos(), got, k)
	}
	return err
}

// cut turns an end of input into the error for it.
func (c *Cursor) cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w at byte %d", c.truncated, c.Pos())
	}
	return fmt.Errorf("%w: byte %d: %v", c.format, c.Pos(), err)
}

// length checks a declared length against the bytes left, of which each
// element takes at least min.
func (c *Cursor) length(n, min int, err error) (int, error) {
	if err != nil {
		return 0, c.cut(err)
	}
	if n < 0 || n > c.r.Len()/min {
		return 0, fmt.Errorf("%w: byte %d: %d elements of at least %d bytes declared, %d bytes left",
			c.truncated, c.Pos(), uint32(n), min, c.r.Len())
	}
	return n, nil
}

// Array returns the length of an array.
func (c *Cursor) Array() (int, error) {
	if err := c.want(arrayKind); err != nil {
		return 0, err
	}
	n, err := c.d.DecodeArrayLen()
	return c.length(n, 1, err)
}

// Map returns the number of pairs in a map.
func (c *Cursor) Map() (int, error) {
	if err := c.want(mapKind); err != nil {
		return 0, err
	}
	n, err := c.d.DecodeMapLen()
	return c.length(n, 2, err)
}

// Float returns a float, or an integer as one.
func (c *Cursor) Float() (float64, error) {
	k, err := c.peek()
	if err != nil {
		return 0, err
	}
	if k == intKind {
		n, err := c.Integer()
		return float64(n), err
	}
	if err := c.want(floatKind); err != nil {
		return 0, err
	}
	f, err := c.d.DecodeFloat64()
	if err != nil {
		err = c.cut(err)
	}
	return f, err
}

// Bool returns a boolean.
func (c *Cursor) Bool() (bool, error) {
	if err := c.want(boolKind); err != nil {
		return false, err
	}
	b, err := c.d.DecodeBool()
	if err != nil {
		err = c.cut(err)
	}
	return b, err
}

// raw returns the bytes of a string or bin, in place.
func (c *Cursor) raw(k kind) ([]byte, error) {
	if err := c.want(k); err != nil {
		return nil, err
	}
	n, err := c.d.DecodeBytesLen()
	if n, err = c.length(n, 1, err); err != nil {
		return nil, err
	}
	at := c.Pos()
	if _, err := c.r.Seek(int64(n), io.SeekCurrent); err != nil {
		return nil, c.cut(err)
	}
	return c.data[at : at+n : at+n], nil
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
	if err := c.want(intKind); err != nil {
		return 0, err
	}
	if code, _ := c.d.PeekCode(); code != msgpcode.Uint64 {
		n, err := c.d.DecodeInt64()
		if err != nil {
			err = c.cut(err)
		}
		return n, err
	}
	n, err := c.d.DecodeUint64()
	if err != nil {
		return 0, c.cut(err)
	}
	if n > math.MaxInt64 {
		return 0, fmt.Errorf("%w: byte %d: integer %d is too large", c.format, c.Pos(), n)
	}
	return int64(n), nil
}

// Scalar returns a string, bool, int64 or float64.
func (c *Cursor) Scalar() (v any, err error) {
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
		v, err = c.d.DecodeFloat64()
	case boolKind:
		v, err = c.d.DecodeBool()
	default:
		return nil, fmt.Errorf("%w: byte %d: %s, want a string, boolean, integer or float", c.format, c.Pos(), k)
	}
	if err != nil {
		return nil, c.cut(err)
	}
	return v, nil
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
