//go:build !purego

package kernels

import "unsafe"

// activeI8 returns the implementation of MatMulI8: plain Go where there is no
// product of bytes.
func activeI8() implementation {
	if active == neon {
		return generic
	}
	return active
}

// argsI8 is what the tiles need. Strides are in bytes.
type argsI8 struct {
	y      *float32
	ldy    int
	x      *int8
	ldx    int
	w      *int8 // a panel
	groups int   // of four k
	sx     *float32
	sw     *float32 // 16 of them
}

// The tiles set y[i, j] for a fixed number of rows and the 16 columns of a
// panel.

//go:noescape
func tile4SDOT(a *argsI8)

//go:noescape
func tile1SDOT(a *argsI8)

//go:noescape
func tile4I8MM(a *argsI8)

// tileI8 runs the largest tile of at most rows and returns its rows.
func tileI8(a *argsI8, rows int) int {
	switch {
	case rows < 4:
		tile1SDOT(a)
		return 1
	case active == i8mm:
		tile4I8MM(a)
	default:
		tile4SDOT(a)
	}
	return 4
}

// matMulI8 goes panel by panel, as matMulTNEON does.
func matMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	if activeI8() == generic {
		matMulI8Generic(y, ldy, x, m, w)
		return
	}
	stride, padded := strideI8(w.K), paddedI8(w.K)
	a := argsI8{ldx: stride, groups: padded / groupI8}
	var edge [4 * PanelWidth]float32
	var scales [PanelWidth]float32
	for j := 0; j < w.N; j += PanelWidth {
		n := min(PanelWidth, w.N-j)
		copy(scales[:], w.Scale[j:j+n])
		a.w, a.sw = unsafe.SliceData(w.Data[j*padded:]), &scales[0]
		for i := 0; i < m; {
			a.x, a.sx = unsafe.SliceData(x.Data[i*stride:]), &x.Scale[i]
			if n == PanelWidth {
				a.y, a.ldy = &y[i*ldy+j], 4*ldy
				i += tileI8(&a, m-i)
				continue
			}
			a.y, a.ldy = &edge[0], 4*PanelWidth
			rows := tileI8(&a, m-i)
			for r := range rows {
				copy(y[(i+r)*ldy+j:][:n], edge[r*PanelWidth:])
			}
			i += rows
		}
	}
}

//go:noescape
func peakSDOT(steps int)

//go:noescape
func peakI8MM(steps int)

// peakI8Ops returns the number of operations in a step of peakI8Loop.
func peakI8Ops() int {
	switch activeI8() {
	case i8mm:
		return 24 * 4 * 8 * 2
	case sdot:
		return 24 * 16 * 2
	}
	return genericPeakI8Ops
}

func peakI8Loop(steps int) {
	switch activeI8() {
	case i8mm:
		peakI8MM(steps)
	case sdot:
		peakSDOT(steps)
	default:
		peakI8LoopGeneric(steps)
	}
}
