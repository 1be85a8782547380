// Package quantize holds weight matrices in the formats that kernels execute,
// and turns one format into another with a report of the error.
package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/x448/float16"
)

// Format says how a Matrix stores its numbers.
type Format uint8

const (
	F32  Format = iota // IEEE 754 binary32
	F16                // IEEE 754 binary16
	BF16               // the upper half of a binary32
	I8                 // int8 with one float32 scale per row: w = scale[row] * q
)

// String returns the name used in model files: f32, f16, bf16 or i8.
func (f Format) String() string {
	names := [...]string{"f32", "f16", "bf16", "i8"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// Matrix is a row-major weight matrix w [Rows, Cols], one row per output
// channel. Exactly the slice that Format names is set; it may lie in a
// memory-mapped file and must not be written.
type Matrix struct {
	Rows, Cols int
	Format     Format
	F32        []float32 // [Rows*Cols], Format F32
	Half       []uint16  // [Rows*Cols], Format F16 or BF16
	I8         []int8    // [Rows*Cols], Format I8
	Scale      []float32 // [Rows], Format I8
}

// NewF32 wraps w [rows, cols]. It panics when the length does not fit.
func NewF32(w []float32, rows, cols int) Matrix {
	if len(w) != rows*cols {
		panic(fmt.Sprintf("quantize: %d numbers for a %d x %d matrix", len(w), rows, cols))
	}
	return Matrix{Rows: rows, Cols: cols, Format: F32, F32: w}
}

// Clone returns a copy in memory of its own.
func (m *Matrix) Clone() Matrix {
	c := *m
	c.F32, c.Half, c.I8, c.Scale = slices.Clone(m.F32), slices.Clone(m.Half), slices.Clone(m.I8), slices.Clone(m.Scale)
	return c
}

// FiniteRow reports whether no number of row i is NaN or infinite.
func (m *Matrix) FiniteRow(i int) bool {
	lo, hi := i*m.Cols, (i+1)*m.Cols
	var exponent uint16
	switch m.Format {
	case F32:
		sum := float32(0)
		for _, w := range m.F32[lo:hi] {
			sum += 0 * w
		}
		return sum == 0
	case I8:
		return 0*m.Scale[i] == 0
	case F16:
		exponent = 0x7c00
	case BF16:
		exponent = 0x7f80
	}
	for _, h := range m.Half[lo:hi] {
		if h&exponent == exponent {
			return false
		}
	}
	return true
}

// Row copies row i into dst [Cols] as float32.
func (m *Matrix) Row(dst []float32, i int) {
	lo, hi := i*m.Cols, (i+1)*m.Cols
	dst = dst[:m.Cols]
	switch m.Format {
	case F32:
		copy(dst, m.F32[lo:hi])
	case F16:
		for j, h := range m.Half[lo:hi] {
			dst[j] = float16.Frombits(h).Float32()
		}
	case BF16:
		for j, h := range m.Half[lo:hi] {
			dst[j] = math.Float32frombits(uint32(h) << 16)
		}
	case I8:
		for j, q := range m.I8[lo:hi] {
			dst[j] = m.Scale[i] * float32(q)
		}
	}
}

// AddRow adds row i to dst [Cols].
func (m *Matrix) AddRow(dst []float32, i int) {
	dst = dst[:m.Cols]
	if m.Format == F32 {
		for j, v := range m.F32[i*m.Cols : (i+1)*m.Cols] {
			dst[j] += v
		}
		return
	}
	row := make([]float32, m.Cols)
	m.Row(row, i)
	for j, v := range row {
		dst[j] += v
	}
}

// Float32 returns the whole matrix as float32: the slice itself for F32, else
// a new one.
func (m *Matrix) Float32() []float32 {
	if m.Format == F32 {
		return m.F32
	}
	out := make([]float32, m.Rows*m.Cols)
	for i := range m.Rows {
		m.Row(out[i*m.Cols:(i+1)*m.Cols], i)
	}
	return out
}
