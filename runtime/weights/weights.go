// Package weights reads and writes .hrm files: named tensors and a header in
// one msgpack document. It knows nothing of any model.
//
// A file is an array of two, [header, data]. header is a map:
//
//	format   "hrm"
//	version  2
//	config   map of names to strings, booleans, integers and floats
//	task     what the model solves, or ""
//	task_spec only where the task has a description: map like config
//	meta     map of strings: how it was made, measured accuracy, licence
//	tensors  array of maps: name, dtype, shape, offset, length; scale for i8 only
//	sha256   of data, a bin of 32 bytes
//	pad      a bin of at most 63 zero bytes, so that the next line holds
//	header_sha256
//	         of every byte before data's first, these 32 taken for zero
//
// Version 1 has no header_sha256: in it a damaged header may pass for a sound one.
//
// data is one bin whose first byte lies at a multiple of 64 bytes in the file.
// Tensors lie in it in the order of the header, little-endian and row-major,
// each at the first multiple of 64 bytes after the one before; the gap is zero
// bytes; the last tensor ends data, and data ends the file. Bin lengths are 32
// bits, so that data is at most 4 GiB less a byte.
//
// A tensor of dtype i8 names a second tensor, scale: f32 [rows], one number
// for each index of the first dimension, so that w[r, ...] = scale[r] * q[r, ...].
package weights

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Version is the version of the format that this package writes. It reads those
// before it too.
const Version = 2

// Align is the alignment in bytes of the data and of each tensor in it.
const Align = 64

// Limits of what a file may hold.
const (
	maxRank   = 8
	maxName   = 255
	maxDataSz = min(1<<32-1, math.MaxInt) // of a msgpack bin, as the library can say it
)

// Errors that a malformed file gives. Each is wrapped with what and where.
var (
	// ErrFormat: the bytes are not a .hrm file, or its header is malformed.
	ErrFormat = errors.New("malformed .hrm file")
	// ErrTruncated: the file ends before something that it declares.
	ErrTruncated = errors.New(".hrm file is cut short, get it again")
	// ErrVersion: the file is of a version that this package does not know.
	ErrVersion = errors.New("unknown .hrm version")
	// ErrTensor: an entry of the tensor list contradicts itself or another.
	ErrTensor = errors.New("malformed tensor entry")
	// ErrLayout: the data is misaligned, or tensors overlap or leave a hole.
	ErrLayout = errors.New("malformed data layout")
	// ErrHash: the data is not the data that was written.
	ErrHash = errors.New("data does not match its sha256")
	// ErrHeaderHash: the header is not the header that was written.
	ErrHeaderHash = errors.New("header does not match its sha256")
)

// DType is the type of a tensor's numbers.
type DType uint8

const (
	F32  DType = iota + 1 // IEEE 754 binary32
	F16                   // IEEE 754 binary16
	BF16                  // the upper half of a binary32
	I8                    // int8 with a float32 scale per row
	I32                   // training state
	U64                   // training state
)

var dtypes = [...]struct {
	name string
	size int
}{F32: {"f32", 4}, F16: {"f16", 2}, BF16: {"bf16", 2}, I8: {"i8", 1}, I32: {"i32", 4}, U64: {"u64", 8}}

// String returns the name used in the file, such as f32.
func (d DType) String() string {
	if d.Size() == 0 {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// Size returns the bytes of one number, 0 for a DType that does not exist.
func (d DType) Size() int {
	if int(d) >= len(dtypes) {
		return 0
	}
	return dtypes[d].size
}

// ParseDType returns the DType of a name, or an error wrapping ErrTensor.
func ParseDType(name string) (DType, error) {
	for d := F32; int(d) < len(dtypes); d++ {
		if dtypes[d].name == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%w: dtype is %q, want f32, f16, bf16, i8, i32 or u64", ErrTensor, name)
}

// Header is what a file says beside its tensors.
type Header struct {
	Version int            // set by the reader; the writer writes Version
	Config  map[string]any // string, bool, int64 or float64; the writer takes int too
	Task    string

	// TaskSpec describes the task where its name does not say all; of the same
	// types as Config.
	TaskSpec map[string]any

	Meta map[string]string
}

// Spec says what a tensor is, without its numbers.
type Spec struct {
	Name  string
	DType DType
	Shape []int  // empty: one number
	Scale string // I8 only: the name of the tensor of scales
}

// Len returns the number of numbers. The shape must have been checked.
func (s *Spec) Len() int {
	n := 1
	for _, d := range s.Shape {
		n *= d
	}
	return n
}

// Tensor is a named array of numbers.
type Tensor struct {
	Spec
	Bytes []byte // little-endian and row-major; may lie in a memory-mapped file
}

// File is a parsed file. It refers to the bytes that it was parsed from.
type File struct {
	Header  Header
	tensors []Tensor
	index   map[string]int
	data    []byte
	sha256  [32]byte
}

// Names returns the names of all tensors in the order of the file.
func (f *File) Names() []string {
	names := make([]string, len(f.tensors))
	for i := range f.tensors {
		names[i] = f.tensors[i].Name
	}
	return names
}

// Tensors returns all tensors in the order of the file.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Tensor returns the tensor of a name, and whether there is one.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}
