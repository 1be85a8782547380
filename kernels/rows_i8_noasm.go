//go:build purego || !(amd64 || (wasm && simd))

package kernels

func maxAbs(row []float32) uint32 { return maxAbsGeneric(row) }

func roundRow(q []int8, row []float32, inverse float32) int32 {
	return roundRowGeneric(q, row, inverse)
}
