package quantize

import (
	"errors"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// ErrRange is wrapped by the error about a number that a format cannot hold.
var ErrRange = errors.New("number outside the format's range")

// largest8 is the largest int8 that is used: -128 is left out, so that the
// range is symmetric and a product of two never overflows a pairwise sum.
const largest8 = 127

// Convert returns m in another format, or m itself when it has it already:
//
//	I8:   scale[i] = max over j of |w[i, j]| / 127, q[i, j] = round(w[i, j] / scale[i])
//	F16:  the nearest binary16, ties to even
//	BF16: the nearest bfloat16, ties to even
//
// A number that is not finite, or too large for F16 (65504), wraps ErrRange.
func Convert(m Matrix, to Format) (Matrix, error) {
	if m.Format == to {
		return m, nil
	}
	w := m.Float32()
	for i, v := range w {
		if a := math.Abs(float64(v)); !(a <= math.MaxFloat32) || to == F16 && a > 65504 {
			return Matrix{}, fmt.Errorf("%w: row %d, column %d is %v, no %v", ErrRange, i/m.Cols, i%m.Cols, v, to)
		}
	}
	out := Matrix{Rows: m.Rows, Cols: m.Cols, Format: to}
	switch to {
	case F32:
		out.F32 = w
	case F16:
		out.Half = make([]uint16, len(w))
		for i, v := range w {
			out.Half[i] = float16.Fromfloat32(v).Bits()
		}
	case BF16:
		out.Half = make([]uint16, len(w))
		for i, v := range w {
			out.Half[i] = bfloat16(v)
		}
	case I8:
		out.I8, out.Scale = make([]int8, len(w)), make([]float32, m.Rows)
		for i := range m.Rows {
			out.Scale[i] = rowToI8(out.I8[i*m.Cols:(i+1)*m.Cols], w[i*m.Cols:(i+1)*m.Cols])
		}
	default:
		return Matrix{}, fmt.Errorf("quantize: no format %v", to)
	}
	return out, nil
}

// rowToI8 quantises a row and returns its scale, 0 for a row of zeros.
func rowToI8(q []int8, w []float32) float32 {
	var largest float32
	for _, v := range w {
		largest = max(largest, float32(math.Abs(float64(v))))
	}
	scale := largest / largest8
	if scale == 0 {
		return 0
	}
	for j, v := range w {
		r := math.RoundToEven(float64(v) / float64(scale))
		q[j] = int8(max(-largest8, min(largest8, r)))
	}
	return scale
}

// bfloat16 rounds a finite number to the nearest bfloat16, ties to even.
func bfloat16(v float32) uint16 {
	b := math.Float32bits(v)
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// Error is how far one matrix is from another, as numbers.
type Error struct {
	MaxAbs   float64 // largest absolute difference
	Relative float64 // 2-norm of the difference / 2-norm of the reference
	Cosine   float64 // of the two as vectors
}

// Compare returns the error of got against want, which must have its shape.
func Compare(got, want Matrix) Error {
	if got.Rows != want.Rows || got.Cols != want.Cols {
		panic(fmt.Sprintf("quantize: %d x %d compared with %d x %d", got.Rows, got.Cols, want.Rows, want.Cols))
	}
	var e Error
	var diff2, got2, want2, dot float64
	a, b := make([]float32, got.Cols), make([]float32, got.Cols)
	for i := range got.Rows {
		got.Row(a, i)
		want.Row(b, i)
		for j := range a {
			x, y := float64(a[j]), float64(b[j])
			e.MaxAbs = max(e.MaxAbs, math.Abs(x-y))
			diff2 += (x - y) * (x - y)
			got2, want2, dot = got2+x*x, want2+y*y, dot+x*y
		}
	}
	if want2 > 0 {
		e.Relative = math.Sqrt(diff2 / want2)
	}
	e.Cosine = 1
	if got2 > 0 && want2 > 0 {
		e.Cosine = dot / math.Sqrt(got2*want2)
	}
	return e
}
