//go:build purego || !amd64

package kernels

func ropeBF16Fast([]BF16, int, []float32, int, int, int, []float32, []float32) bool { return false }
