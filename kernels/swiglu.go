package kernels

import "math"

// SwiGLU gates each row of n numbers:
//
//	act = silu(gate) * up    silu(v) = v / (1 + e^-v)
//
// gateUp is [m, 2n], the gate first; act is [m, n]. They must not overlap.
func SwiGLU(act, gateUp []float32, n int) {
	need("SwiGLU", "gateUp", len(gateUp), 2*len(act))
	for ; len(act) >= n && n > 0; act, gateUp = act[n:], gateUp[2*n:] {
		swiGLU(act[:n], gateUp[:n], gateUp[n:2*n])
	}
}

// SwiGLUPanels is SwiGLU of one row for gates and ups that take turns, 16 of
// each; the length of act is a multiple of 16.
func SwiGLUPanels(act, gateUp []float32) {
	need("SwiGLUPanels", "gateUp", len(gateUp), 2*len(act))
	swiGLUPanels(act, gateUp)
}

func swiGLUPanelsGeneric(act, gateUp []float32) {
	for i := 0; i < len(act); i += PanelWidth {
		swiGLU(act[i:i+PanelWidth], gateUp[2*i:2*i+PanelWidth], gateUp[2*i+PanelWidth:2*i+2*PanelWidth])
	}
}

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
