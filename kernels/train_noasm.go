//go:build !amd64 || purego

package kernels

func residualNorm(y, inv, x, a []float32, n int, eps float32) {
	residualNormGeneric(y, inv, x, a, n, eps)
}

func residualNormBack(ds, dy, y, inv []float32, n int) {
	residualNormBackGeneric(ds, dy, y, inv, n)
}

func swiGLUBack(dGateUp, dAct, gateUp []float32, n int) {
	swiGLUBackGeneric(dGateUp, dAct, gateUp, n)
}
