//go:build !amd64 || purego

package kernels

func packDotsFast(*PanelsBF16, []BF16, int, int, int) int { return 0 }
func pairRowsFast(*PanelsBF16, []BF16, int, int, int) int { return 0 }
func transposeFast([]BF16, int, []BF16, int, int) int     { return 0 }
