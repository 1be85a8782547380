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

func packPanelsFast([]float32, []float32, int, int, int) int { return 0 }
