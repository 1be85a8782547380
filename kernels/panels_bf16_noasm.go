//go:build !amd64 || purego

package kernels

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
