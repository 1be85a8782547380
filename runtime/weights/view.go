package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/x448/float16"
)

// Number is a Go type that a tensor's numbers can be seen as: float32 for F32,
// uint16 for F16 and BF16, int8 for I8, int32 for I32, uint64 for U64.
type Number interface {
	float32 | uint16 | int8 | int32 | uint64
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// View returns the numbers of a tensor: the bytes themselves where the machine
// is little-endian and they are aligned, else a copy. A view must not be
// written. The error says that T is not the Go type of the tensor's DType.
func View[T Number](t Tensor) ([]T, error) {
	if !fits[T](t.DType) {
		var zero T
		return nil, fmt.Errorf("weights: tensor %q is %v, not %T", t.Name, t.DType, zero)
	}
	size := int(unsafe.Sizeof(*new(T)))
	n := len(t.Bytes) / size
	if n == 0 {
		return nil, nil
	}
	p := unsafe.Pointer(unsafe.SliceData(t.Bytes))
	if littleEndian && uintptr(p)%uintptr(size) == 0 {
		return unsafe.Slice((*T)(p), n), nil
	}
	out := make([]T, n)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), n*size)
	copy(raw, t.Bytes)
	if !littleEndian {
		swap(raw, size)
	}
	return out, nil
}

// swap reverses the bytes of numbers of size bytes each.
func swap(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		slices.Reverse(b[:size])
	}
}

func fits[T Number](d DType) bool {
	switch any(*new(T)).(type) {
	case float32:
		return d == F32
	case uint16:
		return d == F16 || d == BF16
	case int8:
		return d == I8
	case int32:
		return d == I32
	default:
		return d == U64
	}
}

// Of makes a tensor of a slice, in place where the machine is little-endian.
func Of[T Number](name string, d DType, data []T, shape ...int) Tensor {
	t := Tensor{Spec: Spec{Name: name, DType: d, Shape: shape}}
	size := int(unsafe.Sizeof(*new(T)))
	if !fits[T](d) {
		panic(fmt.Sprintf("weights: tensor %q: %T is not the Go type of %v", name, *new(T), d))
	}
	if len(data) == 0 {
		return t
	}
	t.Bytes = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data)*size)
	if !littleEndian {
		t.Bytes = slices.Clone(t.Bytes)
		swap(t.Bytes, size)
	}
	return t
}

// Float32s returns the numbers of an F32, F16 or BF16 tensor as float32: a
// View for F32, else a new slice.
func (t Tensor) Float32s() ([]float32, error) {
	if t.DType == F32 {
		return View[float32](t)
	}
	half, err := View[uint16](t)
	if err != nil {
		return nil, fmt.Errorf("weights: tensor %q is %v, want f32, f16 or bf16", t.Name, t.DType)
	}
	out := make([]float32, len(half))
	for i, h := range half {
		out[i] = halfToFloat32(t.DType, h)
	}
	return out, nil
}

func halfToFloat32(d DType, h uint16) float32 {
	if d == BF16 {
		return math.Float32frombits(uint32(h) << 16)
	}
	return float16.Frombits(h).Float32()
}
