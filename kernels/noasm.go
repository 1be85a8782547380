//go:build purego || !(amd64 || arm64 || (wasm && simd))

package kernels

func available() []implementation { return []implementation{generic} }

func product(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	productGeneric(y, ldy, x, m, w, add)
}

func activeI8() implementation { return generic }

func matMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	matMulI8Generic(y, ldy, x, m, w)
}

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
