//go:build !purego

package kernels

import "unsafe"

// rowsAMX is the most rows of x in a block: two tiles, one below the other.
const rowsAMX = 32

// stepAMX is how many k a tile holds.
const stepAMX = 64

// argsAMX is what matMulI8Tiles needs. Strides are in bytes. A block is the rows of
// an upper tile and a lower one by the 32 columns of a pair of panels. The last
// of a pair may lack the lower tile, and overlap the one before, so that all tiles
// have the same shape.
type argsAMX struct {
	config       tileConfig
	x, xLast     *int8 // the first block and the last
	y, yLast     unsafe.Pointer
	sx, sxLast   *float32
	ldx, ldy     int
	nextX, nextY int // from a block to the next
	nextS        int
	bottomX      int   // from a block's upper tile to its lower one
	bottomSum    int   // the same in sums
	top, bottom  int   // rows of the upper tile and of the lower one, which may be 0
	lastBottom   int   // of the last block
	blocks       int   // of a pair of panels
	w            *int8 // panels, one after the other
	panel        int   // bytes of one
	pairs        int
	steps        int // of stepAMX k
	sw           *float32
	cols         uint32   // a bit for each of the last pair's columns
	odd          uint32   // 1: the last pair has one panel
	fetch        int      // quarters of a KiB that a step fetches ahead
	turns        *turnAMX // headI8Tiles: of each pair
	offsets      *int32   // headI8Tiles: see Rotation

	// What follows is the assembly's own.

	//lint:ignore U1000 the assembly's
	sums *int32 // [rows, 32]
	//lint:ignore U1000 rows of the present block's lower tile
	lower int
	//lint:ignore U1000 the assembly's
	block int
	//lint:ignore U1000 the assembly's
	blockX, blockS uintptr
	//lint:ignore U1000 the assembly's
	blockY uintptr
	//lint:ignore U1000 headI8Tiles: of the pair that is multiplied
	turn uintptr
	//lint:ignore U1000 headI8Tiles: of the pair that is finished
	cos, toSin, turnMask uintptr
	//lint:ignore U1000 headI8Tiles: from a row's scale to its offset
	toOffset uintptr
}

//go:noescape
func matMulI8Tiles(a *argsAMX)

//go:noescape
func swiGLUI8Tiles(a *argsAMX)

//go:noescape
func headI8Tiles(a *argsAMX)

// matMulI8AMX leaves a K that does not fill its tiles to VNNI.
func matMulI8AMX(y []float32, ldy int, x *RowsI8, m int, w *PanelsI8) {
	if !fillsTiles(w.K) {
		matMulI8VNNI(y, ldy, x, m, w)
		return
	}
	a := newArgsAMX(unsafe.Pointer(&y[0]), 4*ldy, x, m, w)
	matMulI8Tiles(&a)
}

func fillsTiles(k int) bool { return k > 0 && k%stepAMX == 0 }

func swiGLUI8Fast(act []BF16, lda int, x *RowsI8, m int, w *PanelsI8) bool {
	if active != amx || !fillsTiles(w.K) {
		return false
	}
	a := newArgsAMX(unsafe.Pointer(&act[0]), 2*lda, x, m, w)
	swiGLUI8Tiles(&a)
	return true
}

// swiGLURoundAVX512 takes rows of pairs of 16 gates and their ups.
//
//go:noescape
func swiGLURoundAVX512(act *BF16, actRow int, gateUp *float32, rows, pairs int)

func swiGLURoundFast(act []BF16, lda int, gateUp []float32, rows, n int) bool {
	if !useBF16() {
		return false
	}
	swiGLURoundAVX512(&act[0], 2*lda, &gateUp[0], rows, n/PanelWidth)
	return true
}

func headI8Fast(qkv []BF16, ldq int, x *RowsI8, m int, w *PanelsI8, r *Rotation) bool {
	if active != amx || !fillsTiles(w.K) {
		return false
	}
	a := newArgsAMX(unsafe.Pointer(&qkv[0]), 2*ldq, x, m, w)
	a.turns, a.offsets = &r.turns[0], &r.offsets[0]
	headI8Tiles(&a)
	return true
}

// newArgsAMX cuts x into as few tiles as there can be, of equal rows, because a
// product of tiles takes about as long for few rows as for 16. Rows of y are ldy bytes apart.
func newArgsAMX(y unsafe.Pointer, ldy int, x *RowsI8, m int, w *PanelsI8) argsAMX {
	stride := strideI8(w.K)
	tiles := (m + rowsAMX/2 - 1) / (rowsAMX / 2)
	blocks, top := (tiles+1)/2, (m+tiles-1)/tiles
	bottom := min(top, m-top)
	lastBottom := bottom
	if tiles%2 == 1 {
		lastBottom = 0
	}
	rows, last := top+bottom, m-top-lastBottom
	a := argsAMX{
		top: top, bottom: bottom, lastBottom: lastBottom,
		x: &x.Data[0], xLast: &x.Data[last*stride], ldx: stride, nextX: rows * stride, bottomX: top * stride,
		y: y, yLast: unsafe.Add(y, last*ldy), ldy: ldy, nextY: rows * ldy,
		sx: &x.Scale[0], sxLast: &x.Scale[last], nextS: 4 * rows,
		blocks: blocks, bottomSum: 4 * 2 * PanelWidth * top,
		w: unsafe.SliceData(w.Data), panel: panelI8Len(w.K), steps: w.K / stepAMX,
		pairs: (w.N + 2*PanelWidth - 1) / (2 * PanelWidth), sw: &w.Scale[0],
		fetch: (8 + blocks - 1) / blocks,
	}
	cols := w.N - (a.pairs-1)*2*PanelWidth
	a.cols = uint32(1<<cols - 1)
	if cols <= PanelWidth {
		a.odd = 1
	}
	for tile, n := range [8]int{top, top, bottom, bottom, top, bottom, 16, 16} {
		a.config.set(tile, max(1, n), 16)
	}
	return a
}
