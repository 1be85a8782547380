package kernels

import "math"

// RowsI8 is a matrix x [m, K] of int8 numbers with one scale for each row,
// x[i, k] = Scale[i] * Data[i*stride + k], where stride is strideI8(K); the k
// beyond K are zero, to a multiple of four.
type RowsI8 struct {
	K     int
	Data  []int8
	Scale []float32 // [m]
	Shift []int32   // [m] -128 * the sum of a row, see matmul_vnni_amd64.s

	wide []float32 // a row, for QuantizeBF16
}

// NewRowsI8 returns memory for at most m rows of at most k numbers.
func NewRowsI8(m, k int) *RowsI8 {
	return &RowsI8{K: k, Data: make([]int8, m*strideI8(k)), Scale: make([]float32, m), Shift: make([]int32, m)}
}

// Rows returns rows lo..lo+n-1, in the same memory, of a matrix made for the
// present k.
func (r *RowsI8) Rows(lo, n int) RowsI8 {
	stride := strideI8(r.K)
	return RowsI8{K: r.K, Data: r.Data[lo*stride : (lo+n)*stride], Scale: r.Scale[lo : lo+n], Shift: r.Shift[lo : lo+n]}
}

// largestI8 leaves -128 out, so that the range is symmetric.
const largestI8 = 127

// Quantize sets r to the rows of x [m, k], of which row i starts at x[i*ldx]:
//
//	Scale[i] = max over k of |x[i, k]| / 127
//	Data[i, k] = x[i, k] * (127 / max over k of |x[i, k]|), rounded half to even
//
// A row whose 127/max is not finite, the largest number below 4e-37, becomes
// zeros; one with an infinity or NaN becomes zeros with scale NaN, so that
// what is computed from it is NaN too. All implementations give the same bits.
func (r *RowsI8) Quantize(x []float32, ldx, m, k int) {
	r.K = k
	if m <= 0 {
		return
	}
	stride := strideI8(k)
	need("Quantize", "x", len(x), (m-1)*ldx+k)
	need("Quantize", "RowsI8", len(r.Data), m*stride)
	need("Quantize", "Scale", min(len(r.Scale), len(r.Shift)), m)
	for i := 0; i < m && k%groupI8 != 0; i++ {
		clear(r.Data[i*stride+k : i*stride+paddedI8(k)])
	}
	for i := r.quantizeFast(x, ldx, 0, m, k); i < m; i = r.quantizeFast(x, ldx, i+1, m, k) {
		r.Scale[i], r.Shift[i] = quantizeRow(r.Data[i*stride:i*stride+k], x[i*ldx:i*ldx+k])
	}
}

// quantizeRow returns the row's scale and -128 times the sum of q.
func quantizeRow(q []int8, row []float32) (scale float32, shift int32) {
	largest := math.Float32frombits(maxAbs(row))
	inverse := largestI8 / largest
	if inverse > 0 && inverse <= math.MaxFloat32 {
		return largest / largestI8, -128 * roundRow(q, row, inverse)
	}
	clear(q)
	if largest < 1 {
		return 0, 0
	}
	return float32(math.NaN()), 0
}

// maxAbsGeneric returns the bits of the largest absolute value; as integers
// NaN is above infinity and infinity above the numbers.
func maxAbsGeneric(row []float32) (largest uint32) {
	for _, v := range row {
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	return largest
}

// roundRowGeneric sets q[k] = row[k]*inverse, rounded half to even, and returns
// the sum of q. Adding 1.5 * 2^23 leaves no place for a fraction.
func roundRowGeneric(q []int8, row []float32, inverse float32) (sum int32) {
	const shift = 3 << 22
	q = q[:len(row)]
	for k, v := range row {
		i := int32(math.Float32bits(float32(v*inverse)+shift)) - int32(0x4b400000)
		q[k] = int8(i)
		sum += i
	}
	return sum
}
