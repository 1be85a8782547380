//go:build !amd64 || purego

package kernels

func residualNorm(y []float32, rounded []BF16, inv, x, a []float32, n int, eps float32) {
	residualNormGeneric(y, inv, x, a, n, eps)
	roundAfter(rounded, y)
}

func residualNormBack(ds, dy, y, inv []float32, n int) {
	residualNormBackGeneric(ds, dy, y, inv, n)
}

func residualNormBackBF16(ds []float32, rounded []BF16, dy []float32, y []BF16, inv []float32, n int) {
	residualNormBackBF16Generic(ds, rounded, dy, y, inv, n)
}

func swiGLUBack(dGateUp, dAct, gateUp []float32, n int) {
	swiGLUBackGeneric(dGateUp, dAct, gateUp, n)
}
