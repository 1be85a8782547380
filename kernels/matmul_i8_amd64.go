//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// vnni is avx512 with its byte products, where the processor has them.
const vnni implementation = "avx512-vnni"

// activeI8 returns the implementation of MatMulI8.
func activeI8() implementation {
	switch {
	case active == avx512 && cpu.X86.HasAVX512VNNI:
		return vnni
	case active == avx512:
		return avx2
	}
	return active
}

// flipI8 is what SetRow flips in a number.
func flipI8() int8 {
	if activeI8() == vnni {
		return -128
	}
	return 0
}

func matMulI8(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	switch activeI8() {
	case amx:
		matMulI8AMX(y, ldy, x, m, w)
	case vnni:
		matMulI8VNNI(y, ldy, x, m, w)
	case avx2, avxvnni:
		matMulI8AVX2(y, ldy, x, m, w)
	default:
		matMulI8Generic(y, ldy, x, m, w)
	}
}

// argsI8 is what the tiles need. Strides are in bytes.
type argsI8 struct {
	y      *float32
	ldy    int
	x      *int8
	ldx    int
	w0, w1 *int8 // a panel and the next
	groups int   // of four k
	sx     *float32
	shift  *int32
	sw     *float32
	next   *int8   // fetched ahead
	mask   *uint32 // AVX2: 16 words, ones for the columns that are written; nil: all
	cols   uint32  // VNNI: a bit for each of 32 columns that is written
}

// The tiles set y[i, j] for a fixed number of rows.

//go:noescape
func tile14VNNI(a *argsI8)

//go:noescape
func tile8VNNI(a *argsI8)

//go:noescape
func tile4VNNI(a *argsI8)

//go:noescape
func tile2VNNI(a *argsI8)

//go:noescape
func tile1VNNI(a *argsI8)

// rows points a at row i of x and y.
func (a *argsI8) rows(y []float32, x *RowsI8, i int) {
	a.y, a.x = unsafe.SliceData(y), unsafe.SliceData(x.Data[i*a.ldx:])
	a.sx, a.shift = &x.Scale[i], &x.Shift[i]
}

// matMulI8VNNI goes by pairs of panels as matMulTAVX512 does. The first two
// tiles of 14 rows fetch the next pair.
func matMulI8VNNI(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	const width = 2 * PanelWidth
	stride, panel := paddedI8(w.K), panelI8Len(w.K)
	a := argsI8{ldy: 4 * ldy, ldx: strideI8(w.K), groups: stride / groupI8}
	ahead := w.Data[:cap(w.Data)] // beyond w lie panels that a later call needs
	for j := 0; j < w.N; j += width {
		a.w0, a.sw = unsafe.SliceData(w.Data[j*stride:]), &w.Scale[j]
		a.w1 = a.w0 // where the last panel has no neighbour: computed, not stored
		if j+PanelWidth < w.N {
			a.w1 = unsafe.SliceData(w.Data[j*stride+panel:])
		}
		a.cols = uint32(1<<min(width, w.N-j) - 1)
		next := ahead[min((j+width)*stride, len(ahead)):]
		for i := 0; i < m; {
			a.rows(y[i*ldy+j:], x, i)
			a.next = unsafe.SliceData(next)
			n := tileVNNI(&a, m-i)
			if i += n; n == 14 {
				next = next[min(panel, len(next)):]
			}
		}
	}
}

// tileVNNI runs the largest tile of at most rows and returns its rows.
func tileVNNI(a *argsI8, rows int) int {
	switch {
	case rows >= 14:
		tile14VNNI(a)
		return 14
	case rows >= 8:
		tile8VNNI(a)
		return 8
	case rows >= 4:
		tile4VNNI(a)
		return 4
	case rows >= 2:
		tile2VNNI(a)
		return 2
	}
	tile1VNNI(a)
	return 1
}

//go:noescape
func tileI8x4AVX2(a *argsI8)

//go:noescape
func tileI8x1AVX2(a *argsI8)

//go:noescape
func tileI8x6AVXVNNI(a *argsI8)

//go:noescape
func tileI8x1AVXVNNI(a *argsI8)

// tileI8AVX2 runs the largest tile of at most rows and returns its rows.
func tileI8AVX2(a *argsI8, rows int) int {
	switch {
	case active == avxvnni && rows >= 6:
		tileI8x6AVXVNNI(a)
		return 6
	case active == avxvnni:
		tileI8x1AVXVNNI(a)
		return 1
	case rows >= 4:
		tileI8x4AVX2(a)
		return 4
	}
	tileI8x1AVX2(a)
	return 1
}

// matMulI8AVX2 goes panel by panel.
func matMulI8AVX2(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	stride := paddedI8(w.K)
	a := argsI8{ldy: 4 * ldy, ldx: strideI8(w.K), groups: stride / groupI8}
	var scales [PanelWidth]float32 // of a partial panel
	for j := 0; j < w.N; j += PanelWidth {
		a.w0, a.sw, a.mask = unsafe.SliceData(w.Data[j*stride:]), &w.Scale[j], nil
		if n := w.N - j; n < PanelWidth {
			copy(scales[:], w.Scale[j:])
			a.sw, a.mask = &scales[0], &columnMasks[PanelWidth-n]
		}
		for i := 0; i < m; {
			a.rows(y[i*ldy+j:], x, i)
			i += tileI8AVX2(&a, m-i)
		}
	}
}
