package weights

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// cursor reads msgpack values of known kinds one after another. The library
// decodes codes and numbers; lengths are checked here against the bytes
// present before anything is allocated, and a value of another kind, a nil or
// an extension is an error.
type cursor struct {
	data []byte
	r    *bytes.Reader
	d    *msgpack.Decoder
}

func newCursor(data []byte) *cursor {
	r := bytes.NewReader(data)
	return &cursor{data: data, r: r, d: msgpack.NewDecoder(r)}
}

func (c *cursor) pos() int { return len(c.data) - c.r.Len() }

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

// peek returns the kind of the next value.
func (c *cursor) peek() (kind, error) {
	code, err := c.d.PeekCode()
	if err != nil {
		return "", c.cut(err)
	}
	return kindOf(code), nil
}

func (c *cursor) want(k kind) error {
	got, err := c.peek()
	if err == nil && got != k {
		err = fmt.Errorf("%w: byte %d: %s, want %s", ErrFormat, c.pos(), got, k)
	}
	return err
}

// cut turns an end of input into ErrTruncated.
func (c *cursor) cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w at byte %d", ErrTruncated, c.pos())
	}
	return fmt.Errorf("%w: byte %d: %v", ErrFormat, c.pos(), err)
}

// length checks a declared length against the bytes left, of which each
// element takes at least min.
func (c *cursor) length(n, min int, err error) (int, error) {
	if err != nil {
		return 0, c.cut(err)
	}
	if n < 0 || n > c.r.Len()/min {
		return 0, fmt.Errorf("%w: byte %d: %d elements of at least %d bytes declared, %d bytes left",
			ErrTruncated, c.pos(), uint32(n), min, c.r.Len())
	}
	return n, nil
}

func (c *cursor) array() (int, error) {
	if err := c.want(arrayKind); err != nil {
		return 0, err
	}
	n, err := c.d.DecodeArrayLen()
	return c.length(n, 1, err)
}

func (c *cursor) dict() (int, error) {
	if err := c.want(mapKind); err != nil {
		return 0, err
	}
	n, err := c.d.DecodeMapLen()
	return c.length(n, 2, err)
}

// raw returns the bytes of a string or bin, in place.
func (c *cursor) raw(k kind) ([]byte, error) {
	if err := c.want(k); err != nil {
		return nil, err
	}
	n, err := c.d.DecodeBytesLen()
	if n, err = c.length(n, 1, err); err != nil {
		return nil, err
	}
	at := c.pos()
	if _, err := c.r.Seek(int64(n), io.SeekCurrent); err != nil {
		return nil, c.cut(err)
	}
	return c.data[at : at+n : at+n], nil
}

func (c *cursor) bin() ([]byte, error) { return c.raw(binKind) }

func (c *cursor) str() (string, error) {
	at := c.pos()
	b, err := c.raw(strKind)
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("%w: byte %d: string is not UTF-8", ErrFormat, at)
	}
	return string(b), err
}

// integer returns an integer that fits int64.
func (c *cursor) integer() (int64, error) {
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
		return 0, fmt.Errorf("%w: byte %d: integer %d is too large", ErrFormat, c.pos(), n)
	}
	return int64(n), nil
}

// scalar returns a string, bool, int64 or float64.
func (c *cursor) scalar() (v any, err error) {
	k, err := c.peek()
	if err != nil {
		return nil, err
	}
	switch k {
	case strKind:
		return c.str()
	case intKind:
		return c.integer()
	case floatKind:
		v, err = c.d.DecodeFloat64()
	case boolKind:
		v, err = c.d.DecodeBool()
	default:
		return nil, fmt.Errorf("%w: byte %d: %s, want a string, boolean, integer or float", ErrFormat, c.pos(), k)
	}
	if err != nil {
		return nil, c.cut(err)
	}
	return v, nil
}

// each reads a map of string keys, calling field to read the value of each,
// and refuses a key that comes twice.
func (c *cursor) each(what string, field func(key string) error) error {
	n, err := c.dict()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	seen := map[string]bool{}
	for range n {
		key, err := c.str()
		if err != nil {
			return fmt.Errorf("key in %s: %w", what, err)
		}
		if seen[key] {
			return fmt.Errorf("%w: %s has the key %q twice", ErrFormat, what, key)
		}
		seen[key] = true
		if err := field(key); err != nil {
			return fmt.Errorf("%s in %s: %w", quoteKey(key), what, err)
		}
	}
	return nil
}

// quoteKey shortens a key for an error message.
func quoteKey(key string) string {
	if len(key) > 80 {
		return fmt.Sprintf("%q...", key[:80])
	}
	return fmt.Sprintf("%q", key)
}
