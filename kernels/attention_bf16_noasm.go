//go:build !amd64 || purego

package kernels

func softmaxRows(r scoreRows) { softmaxRowsGeneric(r) }
func softmaxGrad(r scoreRows) { softmaxGradGeneric(r) }

func powersFast(*AttentionBF16, int) bool { return false }

func scaleRoundFast([]BF16, int, []float32, []float32, int) bool { return false }
