//go:build simd && !purego

package kernels

import "unsafe"

//go:wasmimport simd add
//go:noescape
func addSIMD(y, a unsafe.Pointer, n int32)

//go:wasmimport simd add2
//go:noescape
func add2SIMD(y, a, b unsafe.Pointer, n int32)

//go:wasmimport simd scale
//go:noescape
func scaleSIMD(y unsafe.Pointer, by float32, n int32)

//go:wasmimport simd add_squares
//go:noescape
func addSquaresSIMD(h, y unsafe.Pointer, n int32) float32

//go:wasmimport simd rope
//go:noescape
func ropeSIMD(lo, hi, cos, sin unsafe.Pointer, n int32)

//go:wasmimport simd swiglu
//go:noescape
func swiGLUSIMD(act, gate, up unsafe.Pointer, n int32)

//go:wasmimport simd swiglu_panels
//go:noescape
func swiGLUPanelsSIMD(act, gateUp unsafe.Pointer, n int32)

//go:wasmimport simd scale_max
//go:noescape
func scaleMaxSIMD(s, bias unsafe.Pointer, by float32, n int32) float32

//go:wasmimport simd exp_sum
//go:noescape
func expSumSIMD(s unsafe.Pointer, top float32, n int32) float32

//go:wasmimport simd set_row
//go:noescape
func setRowSIMD(out, row unsafe.Pointer, n int32)

//go:wasmimport simd max_abs
//go:noescape
func maxAbsSIMD(row unsafe.Pointer, n int32) uint32

//go:wasmimport simd round_row
//go:noescape
func roundRowSIMD(q, row unsafe.Pointer, inverse float32, n int32) int32

func add(y, a []float32) {
	if active == simd128 {
		addSIMD(at(y), at(a), int32(len(y)))
	} else {
		addGeneric(y, a)
	}
}

func add2(y, a, b []float32) {
	if active == simd128 {
		add2SIMD(at(y), at(a), at(b), int32(len(y)))
	} else {
		add2Generic(y, a, b)
	}
}

func scale(y []float32, by float32) {
	if active == simd128 {
		scaleSIMD(at(y), by, int32(len(y)))
	} else {
		scaleGeneric(y, by)
	}
}

func addSquares(h, y []float32) float32 {
	if active == simd128 {
		return addSquaresSIMD(at(h), at(y), int32(len(h)))
	}
	return addSquaresGeneric(h, y)
}

func rope(lo, hi, cos, sin []float32) {
	if active == simd128 {
		ropeSIMD(at(lo), at(hi), at(cos), at(sin), int32(len(lo)))
	} else {
		ropeGeneric(lo, hi, cos, sin)
	}
}

func swiGLU(act, gate, up []float32) {
	if active == simd128 {
		swiGLUSIMD(at(act), at(gate), at(up), int32(len(act)))
	} else {
		swiGLUGeneric(act, gate, up)
	}
}

func swiGLUPanels(act, gateUp []float32) {
	if active == simd128 {
		swiGLUPanelsSIMD(at(act), at(gateUp), int32(len(act)))
	} else {
		swiGLUPanelsGeneric(act, gateUp)
	}
}

func scaleMax(s, bias []float32, by float32) float32 {
	if active == simd128 {
		return scaleMaxSIMD(at(s), at(bias), by, int32(len(s)))
	}
	return scaleMaxGeneric(s, bias, by)
}

func expSum(s []float32, top float32) float32 {
	if active == simd128 {
		return expSumSIMD(at(s), top, int32(len(s)))
	}
	return expSumGeneric(s, top)
}

func setRow(out, row []float32) {
	if active == simd128 {
		_ = out[(len(row)-1)*PanelWidth]
		setRowSIMD(at(out), at(row), int32(len(row)))
	} else {
		setRowGeneric(out, row)
	}
}

func maxAbs(row []float32) uint32 {
	if active == simd128 {
		return maxAbsSIMD(at(row), int32(len(row)))
	}
	return maxAbsGeneric(row)
}

func roundRow(q []int8, row []float32, inverse float32) (sum int32) {
	n := 0
	if active == simd128 {
		n = len(row) &^ 15
		sum = roundRowSIMD(at(q), at(row), inverse, int32(n))
	}
	return sum + roundRowGeneric(q[n:], row[n:], inverse)
}
