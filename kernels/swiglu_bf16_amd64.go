//go:build !purego

package kernels

//go:noescape
func swiGLUBF16AVX512(act, gateUp *BF16, rows, n int)

//go:noescape
func swiGLUBackBF16AVX512(dGateUp, act, dAct, gateUp *BF16, rows, n int)

func swiGLUBF16(act, gateUp []BF16, rows, n int) {
	if !useBF16() {
		swiGLUBF16Generic(act, gateUp, rows, n)
		return
	}
	swiGLUBF16AVX512(&act[0], &gateUp[0], rows, n)
}

func swiGLUBackBF16(dGateUp, act, dAct, gateUp []BF16, rows, n int) {
	if !useBF16() {
		swiGLUBackBF16Generic(dGateUp, act, dAct, gateUp, rows, n)
		return
	}
	swiGLUBackBF16AVX512(&dGateUp[0], &act[0], &dAct[0], &gateUp[0], rows, n)
}
