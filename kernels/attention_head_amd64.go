//go:build !purego

package kernels

import "math"

// powersArgs is what powersAVX512 reads, strides in bytes.
type powersArgs struct {
	s       *float32 // 0
	sRow    int      // 8
	p       *BF16    // 16
	pRow    int      // 24
	rows    int      // 32
	n       int      // 40: numbers of a row; p has them rounded up to 32
	inverse *float32 // 48
	scale   float32  // 56: times 1/ln 2
}

//go:noescape
func powersAVX512(a *powersArgs)

func powersFast(t *AttentionBF16, rows int) bool {
	if !useBF16() || rows == 0 {
		return false
	}
	powersAVX512(&powersArgs{
		s: &t.s[0], sRow: 4 * t.ld, p: &t.p[0], pRow: 2 * t.ld, rows: rows, n: t.a.P,
		inverse: &t.inverse[0], scale: float32(float64(t.scale) * math.Log2E),
	})
	return true
}

// scaleRoundAVX512 takes rows of n numbers, a multiple of 32.
//
//go:noescape
func scaleRoundAVX512(dst *BF16, dstRow int, x, by *float32, rows, n int)

func scaleRoundFast(dst []BF16, ldd int, x, by []float32, n int) bool {
	if !useBF16() || n == 0 || n%32 != 0 {
		return false
	}
	scaleRoundAVX512(&dst[0], 2*ldd, &x[0], &by[0], len(by), n)
	return true
}
