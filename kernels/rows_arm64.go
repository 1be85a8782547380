//go:build !purego

package kernels

// The row kernels in NEON, eight numbers at a time. n is a multiple of 8 and
// not 0; what is left of a row is done in Go.

//go:noescape
func addNEON(y, a *float32, n int)

//go:noescape
func add2NEON(y, a, b *float32, n int)

//go:noescape
func scaleNEON(y *float32, by float32, n int)

//go:noescape
func addSquaresNEON(h, y *float32, n int) float32

//go:noescape
func ropeNEON(lo, hi, cos, sin *float32, n int)

//go:noescape
func swiGLUNEON(act, gate, up *float32, n int)

//go:noescape
func scaleMaxNEON(s *float32, scale float32, n int) float32

//go:noescape
func scaleBiasMaxNEON(s, bias *float32, scale float32, n int) float32

//go:noescape
func expSumNEON(s *float32, top float32, n int) float32

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
		addNEON(&y[0], &a[0], n)
	}
	addGeneric(y[n:], a[n:])
}

func add2(y, a, b []float32) {
	n := eights(len(y))
	if n > 0 {
		add2NEON(&y[0], &a[0], &b[0], n)
	}
	add2Generic(y[n:], a[n:], b[n:])
}

func scale(y []float32, by float32) {
	n := eights(len(y))
	if n > 0 {
		scaleNEON(&y[0], by, n)
	}
	scaleGeneric(y[n:], by)
}

func addSquares(h, y []float32) (sum float32) {
	n := eights(len(h))
	if n > 0 {
		sum = addSquaresNEON(&h[0], &y[0], n)
	}
	return sum + addSquaresGeneric(h[n:], y[n:])
}

func rope(lo, hi, cos, sin []float32) {
	n := eights(len(lo))
	if n > 0 {
		ropeNEON(&lo[0], &hi[0], &cos[0], &sin[0], n)
	}
	ropeGeneric(lo[n:], hi[n:], cos[n:], sin[n:])
}

func swiGLU(act, gate, up []float32) {
	n := eights(len(act))
	if n > 0 {
		swiGLUNEON(&act[0], &gate[0], &up[0], n)
	}
	swiGLUGeneric(act[n:], gate[n:], up[n:])
}

func scaleMax(s, bias []float32, scale float32) float32 {
	n := eights(len(s))
	switch {
	case n == 0:
		return scaleMaxGeneric(s, bias, scale)
	case bias == nil:
		return max(scaleMaxNEON(&s[0], scale, n), scaleMaxGeneric(s[n:], nil, scale))
	}
	return max(scaleBiasMaxNEON(&s[0], &bias[0], scale, n), scaleMaxGeneric(s[n:], bias[n:], scale))
}

func expSum(s []float32, top float32) (sum float32) {
	n := eights(len(s))
	if n > 0 {
		sum = expSumNEON(&s[0], top, n)
	}
	return sum + expSumGeneric(s[n:], top)
}

func setRow(out, row []float32) { setRowGeneric(out, row) }

func swiGLUPanels(act, gateUp []float32) { swiGLUPanelsGeneric(act, gateUp) }
