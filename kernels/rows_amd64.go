//go:build !purego

package kernels

// The row kernels in AVX2, which the AVX-512 implementation uses too: they are
// a few percent of a segment. n is a multiple of 8 and not 0; what is left of
// a row is done in Go.

//go:noescape
func addAVX2(y, a *float32, n int)

//go:noescape
func add2AVX2(y, a, b *float32, n int)

//go:noescape
func scaleAVX2(y *float32, by float32, n int)

//go:noescape
func addSquaresAVX2(h, y *float32, n int) float32

// ropeRowsAVX2 takes rows of 2*half numbers, xRow bytes apart.
//
//go:noescape
func ropeRowsAVX2(x *float32, xRow, rows, half int, cos, sin *float32)

//go:noescape
func swiGLUAVX2(act, gate, up *float32, n int)

// swiGLUPanelsAVX2 takes n in multiples of 16.
//
//go:noescape
func swiGLUPanelsAVX2(act, gateUp *float32, n int)

//go:noescape
func scaleMaxAVX2(s *float32, scale float32, n int) float32

//go:noescape
func scaleBiasMaxAVX2(s, bias *float32, scale float32, n int) float32

//go:noescape
func expSumAVX2(s *float32, top float32, n int) float32

//go:noescape
func setRowAVX2(out, row *float32, n int)

// eights returns how many of n numbers the assembly does.
func eights(n int) int {
	if active == generic {
		return 0
	}
	return n &^ 7
}

func add(y, a []float32) {
	n := eights(len(y))
	if n > 0 {
		addAVX2(&y[0], &a[0], n)
	}
	addGeneric(y[n:], a[n:])
}

func add2(y, a, b []float32) {
	n := eights(len(y))
	if n > 0 {
		add2AVX2(&y[0], &a[0], &b[0], n)
	}
	add2Generic(y[n:], a[n:], b[n:])
}

// addRMSNormFast does all rows where the kernel of training fits.
func addRMSNormFast(h, y []float32, n int, eps float32) bool {
	if !useAVX512() || n == 0 {
		return false
	}
	var inv [64]float32
	for ; len(h) >= n; h, y = h[min(len(h), len(inv)*n):], y[min(len(y), len(inv)*n):] {
		rows := min(len(h)/n, len(inv))
		residualNorm(h[:rows*n], nil, inv[:rows], h[:rows*n], y[:rows*n], n, eps)
	}
	return true
}

func scale(y []float32, by float32) {
	n := eights(len(y))
	if n > 0 {
		scaleAVX2(&y[0], by, n)
	}
	scaleGeneric(y[n:], by)
}

func addSquares(h, y []float32) (sum float32) {
	n := eights(len(h))
	if n > 0 {
		sum = addSquaresAVX2(&h[0], &y[0], n)
	}
	return sum + addSquaresGeneric(h[n:], y[n:])
}

// rope takes halves of one vector.
func rope(lo, hi, cos, sin []float32) {
	if len(lo) == 0 || !ropeRowsFast(lo, 0, 1, len(lo), cos, sin) {
		ropeGeneric(lo, hi, cos, sin)
	}
}

func ropeRowsFast(x []float32, ldx, m, half int, cos, sin []float32) bool {
	if active == generic || half%8 != 0 {
		return false
	}
	ropeRowsAVX2(&x[0], 4*ldx, m, half, &cos[0], &sin[0])
	return true
}

func swiGLU(act, gate, up []float32) {
	if n := len(act) &^ 15; n > 0 && useAVX512() {
		swiGLUAVX512(&act[0], &gate[0], &up[0], n)
		act, gate, up = act[n:], gate[n:], up[n:]
	}
	n := eights(len(act))
	if n > 0 {
		swiGLUAVX2(&act[0], &gate[0], &up[0], n)
	}
	swiGLUGeneric(act[n:], gate[n:], up[n:])
}

func swiGLUPanels(act, gateUp []float32) {
	switch n := len(act); {
	case n == 0 || active == generic:
		swiGLUPanelsGeneric(act, gateUp)
	case useAVX512():
		swiGLUPanelsAVX512(&act[0], &gateUp[0], n)
	default:
		swiGLUPanelsAVX2(&act[0], &gateUp[0], n)
	}
}

func scaleMax(s, bias []float32, scale float32) float32 {
	n := eights(len(s))
	switch {
	case n == 0:
		return scaleMaxGeneric(s, bias, scale)
	case bias == nil:
		return max(scaleMaxAVX2(&s[0], scale, n), scaleMaxGeneric(s[n:], nil, scale))
	}
	return max(scaleBiasMaxAVX2(&s[0], &bias[0], scale, n), scaleMaxGeneric(s[n:], bias[n:], scale))
}

func expSum(s []float32, top float32) (sum float32) {
	n := eights(len(s))
	if n > 0 {
		sum = expSumAVX2(&s[0], top, n)
	}
	return sum + expSumGeneric(s[n:], top)
}

func setRow(out, row []float32) {
	n := eights(len(row))
	if n > 0 {
		_ = out[(n-1)*PanelWidth]
		setRowAVX2(&out[0], &row[0], n)
	}
	if n < len(row) {
		setRowGeneric(out[n*PanelWidth:], row[n:])
	}
}
