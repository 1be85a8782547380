//go:build !amd64 || purego

package kernels

func peakBF16Loop(int) {}

func peakBF16Flops() int { return 0 }
