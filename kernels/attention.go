package kernels

// AttentionShape is the size of one puzzle's attention: P positions, heads of
// Dim numbers each, D = Heads*Dim.
type AttentionShape struct{ P, Heads, Dim int }

// cutBias returns the [Heads, P, P] numbers of a bias, or nil. A slice that is
// too short panics, here as in every kernel.
func (a AttentionShape) cutBias(bias []float32) []float32 {
	if bias == nil {
		return nil
	}
	return bias[:a.Heads*a.P*a.P]
}

// biasRows returns rows of one head of a bias from i on, or nil.
func (a AttentionShape) biasRows(bias []float32, h, i, rows int) []float32 {
	if bias == nil {
		return nil
	}
	at := (h*a.P + i) * a.P
	return bias[at : at+rows*a.P]
}

// scoreLen is p rounded up to whole panels.
func scoreLen(p int) int { return (p + PanelWidthBF16 - 1) / PanelWidthBF16 * PanelWidthBF16 }
