package kernels

// SwiGLUBF16 is SwiGLU of numbers in BF16, computed in float32 and rounded:
// act = silu(gate) * up, gateUp [m, 2n], act [m, n].
func SwiGLUBF16(act, gateUp []BF16, n int) {
	need("SwiGLUBF16", "gateUp", len(gateUp), 2*len(act))
	if n > 0 && len(act) >= n {
		swiGLUBF16(act, gateUp, len(act)/n, n)
	}
}

// SwiGLUBackBF16 is SwiGLUBack of numbers in BF16, computed in float32 and
// rounded. It also sets act, to SwiGLUBF16 but for rounding: it need not be
// kept.
func SwiGLUBackBF16(dGateUp, act, dAct, gateUp []BF16, n int) {
	need("SwiGLUBackBF16", "gateUp", len(gateUp), 2*len(dAct))
	need("SwiGLUBackBF16", "dGateUp", len(dGateUp), 2*len(dAct))
	need("SwiGLUBackBF16", "act", len(act), len(dAct))
	if n > 0 && len(dAct) >= n {
		swiGLUBackBF16(dGateUp, act, dAct, gateUp, len(dAct)/n, n)
	}
}

func swiGLUBF16Generic(act, gateUp []BF16, rows, n int) {
	gu, a := make([]float32, 2*n), make([]float32, n)
	for r := range rows {
		ExpandBF16(gu, gateUp[2*r*n:2*(r+1)*n])
		swiGLUGeneric(a, gu[:n], gu[n:])
		RoundBF16(act[r*n:], a)
	}
}

func swiGLUBackBF16Generic(dGateUp, act, dAct, gateUp []BF16, rows, n int) {
	swiGLUBF16Generic(act, gateUp, rows, n)
	gu, d := make([]float32, 2*n), make([]float32, n)
	for r := range rows {
		ExpandBF16(gu, gateUp[2*r*n:2*(r+1)*n])
		ExpandBF16(d, dAct[r*n:(r+1)*n])
		swiGLUBackGeneric(gu, d, gu, n)
		RoundBF16(dGateUp[2*r*n:], gu)
	}
}
