package kernels

import "math"

// SwiGLUBack sets dGateUp, the gradient of gateUp, from dAct, the gradient of
// act = silu(gate) * up:
//
//	dGate = dAct * up * s * (1 + gate*(1-s))    s = 1 / (1 + e^-gate)
//	dUp   = dAct * gate * s
//
// gateUp and dGateUp are [m, 2n], the gate first; dAct is [m, n]. dGateUp may
// be gateUp.
func SwiGLUBack(dGateUp, dAct, gateUp []float32, n int) {
	swiGLUBack(dGateUp[:2*len(dAct)], dAct, gateUp[:2*len(dAct)], n)
}

func swiGLUBackGeneric[T float](dGateUp, dAct, gateUp []T, n int) {
	for ; len(dAct) >= n && n > 0; dAct, gateUp, dGateUp = dAct[n:], gateUp[2*n:], dGateUp[2*n:] {
		gate, up := gateUp[:n], gateUp[n:2*n]
		dGate, dUp := dGateUp[:n], dGateUp[n:2*n]
		for i, d := range dAct[:n] {
			g, u := gate[i], up[i]
			s := T(1 / (1 + math.Exp(-float64(g))))
			dGate[i] = d * u * s * (1 + g*(1-s))
			dUp[i] = d * g * s
		}
	}
}
