package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/x448/float16"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// maxRank is the most dimensions a tensor may have.
const maxRank = 8

// dtype is a type of numbers that a checkpoint may hold. Only the first four
// are weights; the others are there to be named in errors.
type dtype struct {
	name string // torch's
	size int64  // bytes
}

var (
	float32Type  = dtype{"float32", 4}
	float16Type  = dtype{"float16", 2}
	bfloat16Type = dtype{"bfloat16", 2}
	float64Type  = dtype{"float64", 8}
)

// isFloat reports whether a type can be that of a weight.
func (d dtype) isFloat() bool {
	return d == float32Type || d == float16Type || d == bfloat16Type || d == float64Type
}

// Tensor is one tensor of a checkpoint.
type Tensor struct {
	Name  string // without the references' prefixes
	Key   string // in the file: names of dictionaries and of the tensor, joined by dots
	DType string // float32, float16, bfloat16, float64, or another of torch's names
	Shape []int

	dir    string // of Key: the dictionaries
	dtype  dtype
	stride []int64           // in numbers; nil: contiguous
	bytes  *io.SectionReader // from the first number to the last
	crc    uint32            // of all bytes; 0: unknown
	find   func(*Tensor) error
}

// locate finds the bytes of a tensor whose place is not known yet.
func (t *Tensor) locate() error {
	if t.find == nil {
		return nil
	}
	find := t.find
	t.find = nil
	if err := find(t); err != nil {
		return fmt.Errorf("tensor %s: %w", quote(t.Key), err)
	}
	return nil
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
// row-major; float64 is rounded. Its last read fails with ErrChecksum when the
// bytes are not what their checksum says.
func (t *Tensor) Float32() (io.Reader, error) {
	if !t.dtype.isFloat() {
		return nil, fmt.Errorf("%w: tensor %s is %s, want float32, bfloat16, float16 or float64", ErrFormat, t.Name, t.DType)
	}
	raw, err := t.raw()
	if err != nil {
		return nil, err
	}
	c := &converter{src: raw, size: int(t.dtype.size)}
	switch t.dtype {
	case float32Type:
		return raw, nil
	case float16Type:
		c.number = func(b []byte) float32 { return float16.Frombits(binary.LittleEndian.Uint16(b)).Float32() }
	case bfloat16Type:
		c.number = func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	case float64Type:
		c.number = func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	}
	return c, nil
}

// raw returns a reader of the numbers as they are stored, row-major.
func (t *Tensor) raw() (io.Reader, error) {
	if err := t.locate(); err != nil {
		return nil, err
	}
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

// converter reads numbers of size bytes and gives float32.
type converter struct {
	src    io.Reader
	size   int
	number func([]byte) float32
	buf    [1 << 14]byte
	out    [1 << 15]byte
	ready  []byte // part of out
}

func (c *converter) Read(p []byte) (int, error) {
	if len(c.ready) == 0 {
		n, err := io.ReadFull(c.src, c.buf[:])
		if n == 0 || err != nil && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		n /= c.size
		for i := range n {
			binary.LittleEndian.PutUint32(c.out[4*i:], math.Float32bits(c.number(c.buf[c.size*i:])))
		}
		c.ready = c.out[:4*n]
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// finiteReader counts the numbers, little-endian float32, that pass through
// and are NaN or infinite.
type finiteReader struct {
	r     io.Reader
	name  string
	rest  []byte // of a number whose end is not read yet
	count int    // numbers so far
	bad   int
	first int // index of the first bad one
}

func (f *finiteReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	b := p[:n]
	if len(f.rest) > 0 {
		more := min(4-len(f.rest), n)
		f.rest, b = append(f.rest, b[:more]...), b[more:]
		if len(f.rest) < 4 {
			return n, err
		}
		f.look(f.rest)
		f.rest = f.rest[:0]
	}
	whole := len(b) &^ 3
	f.look(b[:whole])
	f.rest = append(f.rest, b[whole:]...)
	return n, err
}

// look counts whole numbers.
func (f *finiteReader) look(b []byte) {
	x := weights.Tensor{Spec: weights.Spec{DType: weights.F32}, Bytes: b}
	bad, first := x.NotFinite()
	if f.bad == 0 {
		f.first = f.count + first
	}
	f.bad += bad
	f.count += len(b) / 4
}

// end returns an error that wraps runtime.ErrNotFinite if there was one.
func (f *finiteReader) end() error {
	if f.bad == 0 {
		return nil
	}
	return fmt.Errorf("%w: tensor %s: %d of its %d numbers are NaN or infinite, the first is number %d: the training diverged, or the file was damaged: take an earlier checkpoint",
		runtime.ErrNotFinite, f.name, f.bad, f.count, f.first+1)
}

// count returns the product of a shape, which must be at most limit, checked
// by division.
func count(shape []int64, limit int64) (int64, bool) {
	n, empty := int64(1), false
	for _, d := range shape {
		if d < 0 || d > math.MaxInt || d > limit/n {
			return 0, false
		}
		if d == 0 {
			empty = true
			continue
		}
		n *= d
	}
	if empty {
		return 0, true
	}
	return n, n <= limit
}

// extent returns the index after the last number that a strided tensor
// touches, which must be at most limit.
func extent(shape, stride []int64, limit int64) (int64, bool) {
	last, empty := int64(0), false
	for i, d := range shape {
		if d < 0 || stride[i] < 0 {
			return 0, false
		}
		empty = empty || d == 0
	}
	if empty {
		return 0, true
	}
	for i, d := range shape {
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
