//go:build !amd64 || purego

package kernels

func useBF16() bool { return false }

func slowBF16() bool { return false }

func runPanel[T float32 | BF16](p panel[T]) { runPanelGeneric(p) }

func roundBF16Fast([]BF16, []float32) int  { return 0 }
func expandBF16Fast([]float32, []BF16) int { return 0 }
