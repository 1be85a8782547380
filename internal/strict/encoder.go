package strict

import (
	"bytes"

	"github.com/vmihailenco/msgpack/v5"
)

// Encoder writes msgpack into memory, through the library, in the shortest form
// of every length and integer: the same values have the same bytes.
type Encoder struct {
	buf bytes.Buffer
	e   *msgpack.Encoder
}

// NewEncoder returns an Encoder that has written nothing.
func NewEncoder() *Encoder {
	e := &Encoder{}
	e.e = msgpack.NewEncoder(&e.buf)
	return e
}

// Bytes returns what was written.
func (e *Encoder) Bytes() []byte { return e.buf.Bytes() }

// Len returns the number of bytes written.
func (e *Encoder) Len() int { return e.buf.Len() }

// done takes an error of the library, which only passes on those of writing: a
// buffer has none.
func done(err error) {
	if err != nil {
		panic(err)
	}
}

// Array writes the head of an array of n values, which come behind it.
func (e *Encoder) Array(n int) { done(e.e.EncodeArrayLen(n)) }

// Map writes the head of a map of n keys, each followed by its value.
func (e *Encoder) Map(n int) { done(e.e.EncodeMapLen(n)) }

// Str writes a string.
func (e *Encoder) Str(s string) { done(e.e.EncodeString(s)) }

// Bin writes a bin.
func (e *Encoder) Bin(b []byte) {
	e.BinHead(len(b))
	e.buf.Write(b)
}

// BinHead writes the head of a bin of n bytes, n < 1<<32, which come behind it.
func (e *Encoder) BinHead(n int) { done(e.e.EncodeBytesLen(n)) }

// Bool writes a boolean.
func (e *Encoder) Bool(v bool) { done(e.e.EncodeBool(v)) }

// Int writes an integer.
func (e *Encoder) Int(n int64) { done(e.e.EncodeInt(n)) }

// Float32 writes a float of 32 bits.
func (e *Encoder) Float32(v float32) { done(e.e.EncodeFloat32(v)) }

// Float64 writes a float of 64 bits.
func (e *Encoder) Float64(v float64) { done(e.e.EncodeFloat64(v)) }
