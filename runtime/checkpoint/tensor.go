package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/x448/float16"
)

// maxRank is the most dimensions a tensor may have.
const maxRank = 8

// dtype is a type of numbers that a checkpoint may hold. Only the first three
// are weights; the others are there to be named in errors.
type dtype struct {
	name string // torch's
	size int64  // bytes
}

var (
	float32Type  = dtype{"float32", 4}
	float16Type  = dtype{"float16", 2}
	bfloat16Type = dtype{"bfloat16", 2}
)

// Tensor is one tensor of a checkpoint.
type Tensor struct {
	Name  string // without the references' prefixes
	Key   string // in the file
	DType string // float32, float16, bfloat16, or another of torch's names
	Shape []int

	dtype  dtype
	stride []int64           // in numbers; nil: contiguous
	bytes  *io.SectionReader // from the first number to the last
	crc    uint32            // of all bytes; 0: unknown
}

// Len returns the number of numbers.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Float32 returns a reader of the tensor's numbers as little-endian float32,
// row-major. Its last read fails with ErrChecksum when the bytes are not what
// their checksum says.
func (t *Tensor) Float32() (io.Reader, error) {
	raw, err := t.raw()
	if err != nil {
		return nil, err
	}
	switch t.dtype {
	case float32Type:
		return raw, nil
	case float16Type:
		return &widen{src: raw, convert: func(h uint16) float32 { return float16.Frombits(h).Float32() }}, nil
	case bfloat16Type:
		return &widen{src: raw, convert: func(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }}, nil
	}
	return nil, fmt.Errorf("%w: tensor %s is %s, want float32, bfloat16 or float16", ErrFormat, t.Name, t.DType)
}

// raw returns a reader of the numbers as they are stored, row-major.
func (t *Tensor) raw() (io.Reader, error) {
	r := io.NewSectionReader(t.bytes, 0, t.bytes.Size())
	if t.stride != nil {
		return t.gather(r)
	}
	if t.crc == 0 {
		return r, nil
	}
	return &crcReader{r: r, left: r.Size(), want: t.crc, name: t.Name}, nil
}

// gather returns the numbers of a tensor that is not contiguous, such as a
// transposed one, in row-major order.
func (t *Tensor) gather(r *io.SectionReader) (io.Reader, error) {
	src := make([]byte, r.Size())
	if _, err := io.ReadFull(r, src); err != nil {
		return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	size := t.dtype.size
	dst := make([]byte, 0, int64(t.Len())*size)
	at := make([]int, len(t.Shape))
	for range t.Len() {
		from := int64(0)
		for i, x := range at {
			from += int64(x) * t.stride[i] * size
		}
		dst = append(dst, src[from:from+size]...)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < t.Shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return bytes.NewReader(dst), nil
}

// contiguous reports whether strides are those of a row-major array.
func contiguous(shape []int, stride []int64) bool {
	want := int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && stride[i] != want {
			return false
		}
		want *= int64(shape[i])
	}
	return true
}

// crcReader checks the CRC-32 of what passes through when left bytes have.
type crcReader struct {
	r    io.Reader
	left int64
	sum  uint32
	want uint32
	name string
}

func (c *crcReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
	c.left -= int64(n)
	if c.left == 0 && c.sum != c.want && n > 0 {
		return 0, fmt.Errorf("%w: tensor %s has CRC-32 %08x, want %08x", ErrChecksum, c.name, c.sum, c.want)
	}
	return n, err
}

// widen reads 16-bit numbers and gives float32.
type widen struct {
	src     io.Reader
	convert func(uint16) float32
	buf     [1 << 14]byte
	out     [1 << 15]byte
	ready   []byte // part of out
}

func (w *widen) Read(p []byte) (int, error) {
	if len(w.ready) == 0 {
		n, err := io.ReadFull(w.src, w.buf[:])
		if n == 0 || err != nil && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		for i := range n / 2 {
			f := w.convert(binary.LittleEndian.Uint16(w.buf[2*i:]))
			binary.LittleEndian.PutUint32(w.out[4*i:], math.Float32bits(f))
		}
		w.ready = w.out[:n/2*4]
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

// count returns the product of a shape, which must be at most limit, checked
// by division.
func count(shape []int64, limit int64) (int64, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 1 || d > math.MaxInt || d > limit/n {
			return 0, false
		}
		n *= d
	}
	return n, n <= limit
}

// extent returns the index after the last number that a strided tensor
// touches, which must be at most limit.
func extent(shape, stride []int64, limit int64) (int64, bool) {
	last := int64(0)
	for i, d := range shape {
		if d < 1 || stride[i] < 0 {
			return 0, false
		}
		if d > 1 && stride[i] > (limit-last)/(d-1) {
			return 0, false
		}
		last += (d - 1) * stride[i]
	}
	return last + 1, last < limit
}

func ints(list []int64) []int {
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = int(v)
	}
	return out
}
