//go:build !purego

package kernels

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
