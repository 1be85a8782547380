//go:build !amd64 || purego

package kernels

func softmaxRows(r scoreRows) { softmaxRowsGeneric(r) }
func softmaxGrad(r scoreRows) { softmaxGradGeneric(r) }
