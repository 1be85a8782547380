//go:build !amd64 || purego

package kernels

func swiGLUBF16(act, gateUp []BF16, rows, n int) { swiGLUBF16Generic(act, gateUp, rows, n) }

func swiGLUBackBF16(dGateUp, act, dAct, gateUp []BF16, rows, n int) {
	swiGLUBackBF16Generic(dGateUp, act, dAct, gateUp, rows, n)
}
