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
