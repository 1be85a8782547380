//go:build !purego

package kernels

import "unsafe"

// ropeArgs is what the assembly reads, strides in bytes.
type ropeArgs struct {
	dst    *BF16    // 0
	dstRow int      // 8
	x      *float32 // 16
	xRow   int      // 24
	rows   int      // 32
	half   int      // 40: numbers of half a row
	cos    *float32 // 48
	sin    *float32 // 56
}

//go:noescape
func ropeBF16AVX512(a *ropeArgs)

//go:noescape
func roundRowsBF16AVX512(a *ropeArgs)

func ropeBF16Fast(dst []BF16, ldd int, x []float32, ldx, rows, d int, cos, sin []float32) bool {
	if !useBF16() || d%32 != 0 {
		return false
	}
	a := ropeArgs{
		dst: &dst[0], dstRow: 2 * ldd, x: &x[0], xRow: 4 * ldx, rows: rows, half: d / 2,
		cos: unsafe.SliceData(cos), sin: unsafe.SliceData(sin),
	}
	if cos == nil {
		roundRowsBF16AVX512(&a)
	} else {
		ropeBF16AVX512(&a)
	}
	return true
}
