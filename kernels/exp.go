package kernels

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
