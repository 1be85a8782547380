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
	delta   *float32 // 48
	rows    int      // 56
	n       int      // 64
	p       *BF16    // 72
	pRow    int      // 80
	dbias   *float32 // 88
	pPairs  *BF16    // 96
	dsPairs *BF16    // 104
	biased  uint32   // 112: all ones, or 0 to leave bias out
	dbiased uint32   // 116: the same for dbias
	ds      *BF16    // 120
	dsRow   int      // 128
	scale   float32  // 136
	second  uint32   // 140: all ones, or 0 when the last row has no partner
}

//go:noescape
func softmaxAVX512(args *softmaxArgs)

// softmaxAgainAVX512 computes probabilities in place of s, from stats, and
// delta.
//
//go:noescape
func softmaxAgainAVX512(args *softmaxArgs)

// softmaxGradAVX512 does the two rows at s.
//
//go:noescape
func softmaxGradAVX512(args *softmaxArgs)

//go:noescape
func pairRowsAVX512(dst, lo, hi *BF16, n int)

//go:noescape
func packKeysAVX512(dst, src *BF16, srcRow, rows, quads int)

// args is for the rows from i on.
func (r *scoreRows) args(i, rows int) softmaxArgs {
	t, at := r.t, i*r.t.ld
	args := softmaxArgs{
		s: &t.s[at], dp: &t.dp[at], row: 4 * t.ld, biasRow: 4 * t.a.P,
		stats: &r.stats[2*i], delta: &t.delta[0], rows: rows, n: t.a.P,
		p: &t.p[at], pRow: 2 * t.ld, pPairs: &t.pPairs[at], dsPairs: &t.dsPairs[at],
		ds: &t.ds[at], dsRow: 2 * t.ld, scale: t.scale, second: 0xffff,
	}
	// A masked access to no memory is slow: what is left out points at s.
	args.bias, args.dbias = args.s, args.s
	if r.bias != nil {
		args.bias, args.biased = &r.bias[i*t.a.P], 0xffff
	}
	if r.dbias != nil {
		args.dbias, args.dbiased = &r.dbias[i*t.a.P], 0xffff
	}
	return args
}

func softmaxRows(r scoreRows) {
	if !useBF16() {
		softmaxRowsGeneric(r)
		return
	}
	args := r.args(0, r.rows)
	softmaxAVX512(&args)
}

func softmaxGrad(r scoreRows) {
	if !useBF16() {
		softmaxGradGeneric(r)
		return
	}
	for i := 0; i < r.rows; i += 2 {
		args := r.args(i, min(2, r.rows-i))
		if args.rows == 1 {
			args.second = 0
		}
		softmaxAgainAVX512(&args)
		softmaxGradAVX512(&args)
	}
}

func packKeys(dst, src []BF16, ld, rows, dim int) {
	if !useBF16() || dim%8 != 0 {
		packKeysGeneric(dst, src, ld, rows, dim)
		return
	}
	_ = src[(rows-1)*ld+dim-1]
	for r := 0; r < rows; r += PanelWidthBF16 {
		panel := dst[r*dim:][:PanelWidthBF16*dim]
		packKeysAVX512(&panel[0], &src[r*ld], 2*ld, min(PanelWidthBF16, rows-r), dim/8)
	}
}

func pairRows(dst, src []BF16, ld, rows, dim int) {
	if !useBF16() || dim%16 != 0 {
		pairRowsGeneric(dst, src, ld, rows, dim)
		return
	}
	for r := 0; r+1 < rows; r += 2 {
		out := dst[r*dim:][:2*dim]
		lo, hi := src[r*ld:][:dim], src[(r+1)*ld:][:dim]
		pairRowsAVX512(&out[0], &lo[0], &hi[0], dim)
	}
	if rows%2 != 0 {
		pairRowsGeneric(dst[(rows-1)*dim:], src[(rows-1)*ld:], ld, 1, dim)
	}
}
