package strict

import (
	"encoding/binary"
	"math"
)

// Encoder writes msgpack into memory, in the shortest form of every length and
// integer: the same values have the same bytes.
type Encoder struct{ data []byte }

// NewEncoder returns an Encoder that has written nothing.
func NewEncoder() *Encoder { return &Encoder{} }

// Bytes returns what was written.
func (e *Encoder) Bytes() []byte { return e.data }

// Len returns the number of bytes written.
func (e *Encoder) Len() int { return len(e.data) }

// head writes a code of three, with lengths of 8, 16 and 32 bits; of 0, there is none of 8.
func (e *Encoder) head(n uint64, code8, code16, code32 byte) {
	switch {
	case n <= math.MaxUint8 && code8 != 0:
		e.data = append(e.data, code8, byte(n))
	case n <= math.MaxUint16:
		e.data = binary.BigEndian.AppendUint16(append(e.data, code16), uint16(n))
	default:
		e.data = binary.BigEndian.AppendUint32(append(e.data, code32), uint32(n))
	}
}

// Array writes the head of an array of n values, n < 1<<32, which come behind it.
func (e *Encoder) Array(n int) {
	if n <= 0xf {
		e.data = append(e.data, fixArray|byte(n))
		return
	}
	e.head(uint64(n), 0, codeArray16, codeArray32)
}

// Map writes the head of a map of n keys, n < 1<<32, each followed by its value.
func (e *Encoder) Map(n int) {
	if n <= 0xf {
		e.data = append(e.data, fixMap|byte(n))
		return
	}
	e.head(uint64(n), 0, codeMap16, codeMap32)
}

// Str writes a string of fewer than 1<<32 bytes.
func (e *Encoder) Str(s string) {
	if len(s) <= 0x1f {
		e.data = append(e.data, fixStr|byte(len(s)))
	} else {
		e.head(uint64(len(s)), codeStr8, codeStr16, codeStr32)
	}
	e.data = append(e.data, s...)
}

// Bin writes a bin.
func (e *Encoder) Bin(b []byte) {
	e.BinHead(len(b))
	e.data = append(e.data, b...)
}

// BinHead writes the head of a bin of n bytes, n < 1<<32, which come behind it.
func (e *Encoder) BinHead(n int) { e.head(uint64(n), codeBin8, codeBin16, codeBin32) }

// Bool writes a boolean.
func (e *Encoder) Bool(v bool) {
	code := byte(codeFalse)
	if v {
		code = codeTrue
	}
	e.data = append(e.data, code)
}

// Int writes an integer.
func (e *Encoder) Int(n int64) {
	switch {
	case n >= -0x20 && n < fixMap:
		e.data = append(e.data, byte(n))
	case n > math.MaxUint32:
		e.data = binary.BigEndian.AppendUint64(append(e.data, codeUint64), uint64(n))
	case n >= 0:
		e.head(uint64(n), codeUint8, codeUint16, codeUint32)
	case n >= math.MinInt8:
		e.data = append(e.data, codeInt8, byte(n))
	case n >= math.MinInt16:
		e.data = binary.BigEndian.AppendUint16(append(e.data, codeInt16), uint16(n))
	case n >= math.MinInt32:
		e.data = binary.BigEndian.AppendUint32(append(e.data, codeInt32), uint32(n))
	default:
		e.data = binary.BigEndian.AppendUint64(append(e.data, codeInt64), uint64(n))
	}
}

// Float32 writes a float of 32 bits.
func (e *Encoder) Float32(v float32) {
	e.data = binary.BigEndian.AppendUint32(append(e.data, codeFloat32), math.Float32bits(v))
}

// Float64 writes a float of 64 bits.
func (e *Encoder) Float64(v float64) {
	e.data = binary.BigEndian.AppendUint64(append(e.data, codeFloat64), math.Float64bits(v))
}
