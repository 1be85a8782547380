//go:build purego || !amd64

package kernels

// What only amd64 does for many rows at once, or in one pass.

func addRMSNormFast(_, _ []float32, _ int, _ float32) bool { return false }

func swiGLUI8Fast([]BF16, int, *RowsI8, int, *PanelsI8) bool { return false }

func swiGLURoundFast([]BF16, int, []float32, int, int) bool { return false }

func headI8Fast([]BF16, int, *RowsI8, int, *PanelsI8, *Rotation) bool { return false }

func (r *RowsI8) quantizeFast(_ []float32, _, i, _, _ int) int { return i }

func ropeBF16Fast([]BF16, int, []float32, int, int, int, []float32, []float32) bool { return false }

func (r *RowsI8) canNormFast(int) bool { return false }

func (r *RowsI8) normFast(_, _ []float32, i, _ int, _ float32) int { return i }

func (r *RowsI8) bf16Fast(_ []BF16, _, i, _, _ int) int { return i }

func ropeRowsFast([]float32, int, int, int, []float32, []float32) bool { return false }

func flipI8() int8 { return 0 }

func softmaxF32Fast([]float32, int, int, int, float32, []float32) bool { return false }

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

func packDotsFast(*PanelsBF16, []BF16, int, int, int) int { return 0 }
func pairRowsFast(*PanelsBF16, []BF16, int, int, int) int { return 0 }
func transposeFast([]BF16, int, []BF16, int, int) int     { return 0 }

func matMulTBF16(y []float32, ldy int, x []BF16, ldx, m int, w *PanelsBF16, add bool) {
	matMulTPanels(y, ldy, x, ldx, m, w, add)
}

func matMulTRound(y []BF16, ldy int, x []BF16, ldx, m int, w *PanelsBF16) {
	matMulTRoundPanels(y, ldy, x, ldx, m, w)
}

func (p *panelBF16) fast() bool { return false }

func packRowsFast(*Panels, []float32, int) int { return 0 }
func packColsFast(*Panels, []float32, int) int { return 0 }

func useBF16() bool { return false }

func roundBF16Fast([]BF16, []float32) int  { return 0 }
func expandBF16Fast([]float32, []BF16) int { return 0 }

func (r *scoreRows) softmaxFast() bool  { return false }
func (r *scoreRows) gradientFast() bool { return false }

func scaleRoundFast([]BF16, int, []float32, []float32, int, int) bool { return false }

func swiGLUBF16(act, gateUp []BF16, rows, n int) { swiGLUBF16Generic(act, gateUp, rows, n) }

func swiGLUBackBF16(dGateUp, act, dAct, gateUp []BF16, rows, n int) {
	swiGLUBackBF16Generic(dGateUp, act, dAct, gateUp, rows, n)
}

func peakBF16Loop(int) {}

func peakBF16Flops() int { return 0 }
