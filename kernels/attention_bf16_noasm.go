//go:build !amd64 || purego

package kernels

func softmaxRows(r scoreRows) { softmaxRowsGeneric(r) }
func softmaxGrad(r scoreRows) { softmaxGradGeneric(r) }

func packKeys(dst, src []BF16, ld, rows, dim int) { packKeysGeneric(dst, src, ld, rows, dim) }
func pairRows(dst, src []BF16, ld, rows, dim int) { pairRowsGeneric(dst, src, ld, rows, dim) }
