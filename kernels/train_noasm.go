//go:build !amd64 || purego

package kernels

func residualNorm(y []float32, rounded []BF16, inv, x, a []float32, n int, eps float32) {
	residualNormGeneric(y, inv, x, a, n, eps)
	roundAfter(rounded, y)
}

func residualNormBack(ds []float32, rounded []BF16, dy, y, inv []float32, n int) {
	residualNormBackGeneric(ds, dy, y, inv, n)
	roundAfter(rounded, ds)
}

func swiGLUBack(dGateUp, dAct, gateUp []float32, n int) {
	swiGLUBackGeneric(dGateUp, dAct, gateUp, n)
}
