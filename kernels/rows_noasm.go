//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func add(y, a []float32)                          { addGeneric(y, a) }
func add2(y, a, b []float32)                      { add2Generic(y, a, b) }
func scale(y []float32, by float32)               { scaleGeneric(y, by) }
func addSquares(h, y []float32) float32           { return addSquaresGeneric(h, y) }
func rope(lo, hi, cos, sin []float32)             { ropeGeneric(lo, hi, cos, sin) }
func swiGLU(act, gate, up []float32)              { swiGLUGeneric(act, gate, up) }
func scaleMax(s, b []float32, by float32) float32 { return scaleMaxGeneric(s, b, by) }
func expSum(s []float32, top float32) float32     { return expSumGeneric(s, top) }
func setRow(out, row []float32)                   { setRowGeneric(out, row) }

func swiGLUPanels(act, gateUp []float32) { swiGLUPanelsGeneric(act, gateUp) }
