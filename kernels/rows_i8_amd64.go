//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// n is a multiple of 16 and not 0.

//go:noescape
func maxAbsAVX512(row *float32, n int) uint32

//go:noescape
func roundRowAVX512(q *int8, row *float32, n int, inverse float32) int32

//go:noescape
func maxAbsAVX2(row *float32, n int) uint32

//go:noescape
func roundRowAVX2(q *int8, row *float32, n int, inverse float32) int32

func maxAbs(row []float32) (largest uint32) {
	n := len(row) &^ 15
	switch {
	case n == 0 || active == generic:
		n = 0
	case useAVX512():
		largest = maxAbsAVX512(&row[0], n)
	default:
		largest = maxAbsAVX2(&row[0], n)
	}
	return max(largest, maxAbsGeneric(row[n:]))
}

func roundRow(q []int8, row []float32, inverse float32) (sum int32) {
	n := len(row) &^ 15
	switch {
	case n == 0 || active == generic:
		n = 0
	case useAVX512():
		sum = roundRowAVX512(&q[0], &row[0], n, inverse)
	default:
		sum = roundRowAVX2(&q[0], &row[0], n, inverse)
	}
	return sum + roundRowGeneric(q[n:], row[n:], inverse)
}

// quantizeArgs is what quantizeRowsAVX512 and quantizeBF16AVX512 read, strides in
// bytes.
type quantizeArgs struct {
	q      *int8          // 0
	qRow   int            // 8
	x      unsafe.Pointer // 16: float32 or BF16
	xRow   int            // 24
	rows   int            // 32
	xBytes int            // 40: of a row, a multiple of 64, or of 128 in BF16, and not 0
	scale  *float32       // 48
	shift  *int32         // 56
}

// quantizeRowsAVX512 returns how many rows it did before one that has no scale.
//
//go:noescape
func quantizeRowsAVX512(a *quantizeArgs) int

// quantizeFast rounds rows from i on and returns the next one.
func (r *RowsI8) quantizeFast(x []float32, ldx, i, m, k int) int {
	if !useAVX512() || k%16 != 0 || k == 0 || i == m {
		return i
	}
	stride := strideI8(k)
	return i + quantizeRowsAVX512(&quantizeArgs{
		q: &r.Data[i*stride], qRow: stride, x: unsafe.Pointer(&x[i*ldx]), xRow: 4 * ldx,
		rows: m - i, xBytes: 4 * k, scale: &r.Scale[i], shift: &r.Shift[i],
	})
}

// normArgs is what addRMSNormI8AVX512 reads, strides in bytes.
type normArgs struct {
	q      *int8    // 0
	qRow   int      // 8
	h      *float32 // 16
	y      *float32 // 24
	rows   int      // 32
	hBytes int      // 40: of a row of h and y, a multiple of 256 and not 0
	scale  *float32 // 48
	shift  *int32   // 56
	eps    float32  // 64
}

// addRMSNormI8AVX512 returns how many rows it did before one that has no scale,
// which it only normalised. It needs byte products too.
//
//go:noescape
func addRMSNormI8AVX512(a *normArgs) int

func (r *RowsI8) canNormFast(n int) bool {
	return useAVX512() && cpu.X86.HasAVX512VNNI && n%64 == 0
}

// normFast normalises and rounds rows from i on and returns the one that it
// could not round.
func (r *RowsI8) normFast(h, y []float32, i, m int, eps float32) int {
	if i >= m {
		return m
	}
	stride := strideI8(r.K)
	return i + addRMSNormI8AVX512(&normArgs{
		q: &r.Data[i*stride], qRow: stride, h: &h[i*r.K], y: &y[i*r.K],
		rows: m - i, hBytes: 4 * r.K, scale: &r.Scale[i], shift: &r.Shift[i], eps: eps,
	})
}

// quantizeBF16AVX512 is quantizeRowsAVX512 with x in BF16.
//
//go:noescape
func quantizeBF16AVX512(a *quantizeArgs) int

// bf16Fast rounds rows from i on and returns the next one.
func (r *RowsI8) bf16Fast(x []BF16, ldx, i, m, k int) int {
	if !useBF16() || k%64 != 0 || k == 0 || i >= m {
		return i
	}
	stride := strideI8(k)
	return i + quantizeBF16AVX512(&quantizeArgs{
		q: &r.Data[i*stride], qRow: stride, x: unsafe.Pointer(&x[i*ldx]), xRow: 2 * ldx,
		rows: m - i, xBytes: 2 * k, scale: &r.Scale[i], shift: &r.Shift[i],
	})
}
