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
}

//go:noescape
func softmaxAVX512(args *softmaxArgs)

//go:noescape
func softmaxGradAVX512(args *softmaxArgs)

// Rows of at most shortRow scores stay in registers; their p and ds have whole
// vectors of 32 numbers.
const shortRow = 96

//go:noescape
func softmaxShortAVX512(args *softmaxArgs)

//go:noescape
func softmaxGradShortAVX512(args *softmaxArgs)

func (r *scoreRows) args() softmaxArgs {
	t := r.t
	args := softmaxArgs{
		s: &t.s[0], dp: &t.dp[0], row: 4 * t.ld, bias: &t.noBias[0], dbias: &t.unused[0], stats: &r.stats[0],
		rows: r.rows, n: t.a.P, p: &t.p[0], ds: &t.ds[0], pRow: 2 * t.ld, scale: t.scale,
	}
	if r.bias != nil {
		args.bias, args.biasRow = &r.bias[0], 4*t.a.P
	}
	if r.dbias != nil {
		args.dbias = &r.dbias[0]
	}
	return args
}

func softmaxRows(r scoreRows) {
	if !useBF16() {
		softmaxRowsGeneric(r)
		return
	}
	args := r.args()
	if args.n <= shortRow {
		softmaxShortAVX512(&args)
		return
	}
	softmaxAVX512(&args)
}

func softmaxGrad(r scoreRows) {
	if !useBF16() {
		softmaxGradGeneric(r)
		return
	}
	args := r.args()
	if args.n <= shortRow {
		softmaxGradShortAVX512(&args)
		return
	}
	softmaxGradAVX512(&args)
}
