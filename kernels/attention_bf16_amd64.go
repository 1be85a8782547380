//go:build !purego

package kernels

// softmaxArgs is what the assembly reads; rows are in bytes.
type softmaxArgs struct {
	s       *float32 // 0
	dp      *float32 // 8
	row     int      // 16: of s and dp
	bias    *float32 // 24
	biasRow int      // 32: of bias and dbias
	stats   *float32 // 40
	rows    int      // 48
	n       int      // 56
	p       *BF16    // 64
	pRow    int      // 72: of p and ds
	dbias   *float32 // 80
	ds      *BF16    // 88
	scale   float32  // 96
	biased  uint32   // 100: all ones, or 0 to leave bias out
	dbiased uint32   // 104: the same for dbias
}

//go:noescape
func softmaxAVX512(args *softmaxArgs)

//go:noescape
func softmaxGradAVX512(args *softmaxArgs)

func (r *scoreRows) args() softmaxArgs {
	t := r.t
	args := softmaxArgs{
		s: &t.s[0], dp: &t.dp[0], row: 4 * t.ld, biasRow: 4 * t.a.P, stats: &r.stats[0],
		rows: r.rows, n: t.a.P, p: &t.p[0], ds: &t.ds[0], pRow: 2 * t.ld, scale: t.scale,
	}
	// A masked access to no memory is slow: what is left out points at s.
	args.bias, args.dbias = args.s, args.s
	if r.bias != nil {
		args.bias, args.biased = &r.bias[0], 0xffff
	}
	if r.dbias != nil {
		args.dbias, args.dbiased = &r.dbias[0], 0xffff
	}
	return args
}

func softmaxRows(r scoreRows) {
	if !useBF16() {
		softmaxRowsGeneric(r)
		return
	}
	args := r.args()
	softmaxAVX512(&args)
}

func softmaxGrad(r scoreRows) {
	if !useBF16() {
		softmaxGradGeneric(r)
		return
	}
	args := r.args()
	softmaxGradAVX512(&args)
}
