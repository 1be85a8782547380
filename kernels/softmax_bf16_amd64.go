//go:build !purego

package kernels

import "unsafe"

// softmaxArgs is what the assembly reads, strides in bytes.
type softmaxArgs struct {
	s       *float32 // 0
	dp      *float32 // 8
	row     int      // 16: of s and dp
	bias    *float32 // 24: or nil, where there is no gradient
	biasRow int      // 32: of bias and dbias
	stats   *float32 // 40
	rows    int      // 48
	n       int      // 56
	p       *BF16    // 64
	pRow    int      // 72: of p and ds, a multiple of 64
	dbias   *float32 // 80
	ds      *BF16    // 88
	scale   float32  // 96
}

//go:noescape
func softmaxBF16AVX512(args *softmaxArgs)

//go:noescape
func softmaxGradBF16AVX512(args *softmaxArgs)

func (r *scoreRows) args() softmaxArgs {
	t := r.t
	return softmaxArgs{
		s: &t.s[0], dp: &t.dp[0], row: 4 * t.ld, bias: unsafe.SliceData(r.bias), biasRow: 4 * t.a.P, stats: &r.stats[0],
		rows: r.rows, n: t.a.P, p: &t.p[0], ds: &t.ds[0], pRow: 2 * t.ld, dbias: unsafe.SliceData(r.dbias), scale: t.scale,
	}
}

func (r *scoreRows) softmaxFast() bool {
	if !useBF16() {
		return false
	}
	args := r.args()
	softmaxBF16AVX512(&args)
	return true
}

func (r *scoreRows) gradientFast() bool {
	if !useBF16() {
		return false
	}
	args := r.args()
	if r.bias == nil {
		args.bias, args.dbias, args.biasRow = &r.t.noBias[0], &r.t.unused[0], 0
	}
	softmaxGradBF16AVX512(&args)
	return true
}

// scaleRoundAVX512 takes rows of n numbers, a multiple of 32.
//
//go:noescape
func scaleRoundAVX512(dst *BF16, dstRow int, x, stats *float32, rows, n int)

func scaleRoundFast(dst []BF16, ldd int, x, stats []float32, rows, n int) bool {
	if !useBF16() || n == 0 || n%32 != 0 {
		return false
	}
	scaleRoundAVX512(&dst[0], 2*ldd, &x[0], &stats[0], rows, n)
	return true
}
