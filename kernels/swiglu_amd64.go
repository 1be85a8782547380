//go:build !purego

package kernels

//go:noescape
func swiGLUBackAVX512(dGateUp, dAct, gateUp *float32, rows, n int)

//go:noescape
func swiGLUAVX512(act, gate, up *float32, n int)

//go:noescape
func swiGLUPanelsAVX512(act, gateUp *float32, n int)

//go:noescape
func swiGLUBackAVX2(dGate, dUp, dAct, gate, up *float32, n int)

func swiGLUBack(dGateUp, dAct, gateUp []float32, n int) {
	switch {
	case n == 0 || len(dAct) < n:
	case useAVX512():
		swiGLUBackAVX512(&dGateUp[0], &dAct[0], &gateUp[0], len(dAct)/n, n)
	case useAVX2() && n%8 == 0:
		for i := 0; i+n <= len(dAct); i += n {
			swiGLUBackAVX2(&dGateUp[2*i], &dGateUp[2*i+n], &dAct[i], &gateUp[2*i], &gateUp[2*i+n], n)
		}
	default:
		swiGLUBackGeneric(dGateUp, dAct, gateUp, n)
	}
}

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
