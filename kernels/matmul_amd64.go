//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useAVX512 tells whether the AVX-512 kernels are in use, with or without AMX.
func useAVX512() bool { return active == avx512 || active == amx }

// useF16 tells whether there is an instruction that converts. AVX-512 has it.
func useF16() bool { return useAVX512() || useAVX2() && cpu.X86.HasF16C }

func product(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	if !tiles(y, ldy, x, m, w.Data, w.N, w.K, add) {
		productGeneric(y, ldy, x, m, w, add)
	}
}

func matMulF16(y []float32, ldy int, x []float32, ldx, m int, w *PanelsF16) {
	if !useF16() || !tiles(y, ldy, strided{x, ldx, 1}, m, w.Data, w.N, w.K, false) {
		matMulF16Generic(y, ldy, x, ldx, m, w)
	}
}

// tileArgs is what a tile of some rows of y reads, strides in bytes.
type tileArgs struct {
	y     *float32       // 0
	yRow  int            // 8
	x     *float32       // 16
	xRow  int            // 24
	xStep int            // 32: from one k to the next
	w     unsafe.Pointer // 40: a panel
	w2    unsafe.Pointer // 48: the one beside it, AVX-512
	k     int            // 56
	cols  uint64         // 64: a bit for each of 32 columns that is written, AVX-512
	mask  *uint32        // 72: 16 words, ones for the columns that are written, or nil: all; AVX2
	add   int            // 80: 1 when it adds to y
	next  unsafe.Pointer // 88: a panel that comes later
}

// tiles multiplies with w, panels of an n x k matrix, where there is assembly.
func tiles[T float32 | F16](y []float32, ldy int, x strided, m int, w []T, n, k int, add bool) bool {
	args := tileArgs{yRow: 4 * ldy, xRow: 4 * x.row, xStep: 4 * x.step, k: k}
	if add {
		args.add = 1
	}
	switch {
	case useAVX512():
		tilesAVX512(args, y, ldy, x, m, w, n)
	case useAVX2():
		tilesAVX2(args, y, ldy, x, m, w, n)
	default:
		return false
	}
	return true
}

// tilesAVX512 runs all rows over two panels before it goes on to the next two, so
// that the panels stay in the second-level cache. The first two tiles of 14 rows
// fetch the next two panels, which lie further away.
func tilesAVX512[T float32 | F16](args tileArgs, y []float32, ldy int, x strided, m int, w []T, n int) {
	const width = 2 * PanelWidth
	ahead := w[:cap(w)] // beyond w lie panels that a later call needs
	for j := 0; j < n; j += width {
		args.w = unsafe.Pointer(unsafe.SliceData(w[j*args.k:]))
		args.w2 = args.w // where the last panel has no neighbour: computed, not stored
		if j+PanelWidth < n {
			args.w2 = unsafe.Pointer(unsafe.SliceData(w[(j+PanelWidth)*args.k:]))
		}
		args.cols = 1<<min(width, n-j) - 1
		next := ahead[min((j+width)*args.k, len(ahead)):]
		for i := 0; i < m; {
			args.y, args.x = &y[i*ldy+j], unsafe.SliceData(x.x[i*x.row:])
			args.next = unsafe.Pointer(unsafe.SliceData(next))
			rows := tileAVX512[T](&args, m-i)
			if i += rows; rows == 14 {
				next = next[min(PanelWidth*args.k, len(next)):]
			}
		}
	}
}

// tileAVX512 runs the largest tile of at most rows and returns its rows. A function
// value would put args on the heap.
func tileAVX512[T float32 | F16](args *tileArgs, rows int) int {
	var t T
	_, f16 := any(t).(F16)
	switch {
	case rows >= 14 && f16:
		tile14F16AVX512(args)
		return 14
	case rows >= 14:
		tile14AVX512(args)
		return 14
	case rows >= 8 && f16:
		tile8F16AVX512(args)
		return 8
	case rows >= 8:
		tile8AVX512(args)
		return 8
	case rows >= 4 && f16:
		tile4F16AVX512(args)
		return 4
	case rows >= 4:
		tile4AVX512(args)
		return 4
	case rows >= 2 && f16:
		tile2F16AVX512(args)
		return 2
	case rows >= 2:
		tile2AVX512(args)
		return 2
	case f16:
		tile1F16AVX512(args)
	default:
		tile1AVX512(args)
	}
	return 1
}

// columnMasks holds 16 words of ones, then of zeros: from word 16-n on they
// mask n columns.
var columnMasks = func() (masks [2 * PanelWidth]uint32) {
	for i := range PanelWidth {
		masks[i] = 1<<32 - 1
	}
	return masks
}()

// tilesAVX2 goes panel by panel; the first two tiles of 6 rows fetch the next
// panel.
func tilesAVX2[T float32 | F16](args tileArgs, y []float32, ldy int, x strided, m int, w []T, n int) {
	ahead := w[:cap(w)]
	for j := 0; j < n; j += PanelWidth {
		args.w = unsafe.Pointer(unsafe.SliceData(w[j*args.k:]))
		if n-j < PanelWidth {
			args.mask = &columnMasks[PanelWidth-(n-j)]
		}
		next := ahead[(j+PanelWidth)*args.k:]
		for i := 0; i < m; {
			args.y, args.x = &y[i*ldy+j], unsafe.SliceData(x.x[i*x.row:])
			args.next = unsafe.Pointer(unsafe.SliceData(next))
			rows := tileAVX2[T](&args, m-i)
			if i += rows; rows == 6 {
				next = next[min(PanelWidth/2*args.k, len(next)):]
			}
		}
	}
}

// tileAVX2 is tileAVX512 for tilesAVX2.
func tileAVX2[T float32 | F16](args *tileArgs, rows int) int {
	var t T
	_, f16 := any(t).(F16)
	switch {
	case rows >= 6 && f16:
		tile6F16AVX2(args)
		return 6
	case rows >= 6:
		tile6AVX2(args)
		return 6
	case rows >= 4 && f16:
		tile4F16AVX2(args)
		return 4
	case rows >= 4:
		tile4AVX2(args)
		return 4
	case f16:
		tile1F16AVX2(args)
	default:
		tile1AVX2(args)
	}
	return 1
}

//go:noescape
func tile14AVX512(args *tileArgs)

//go:noescape
func tile8AVX512(args *tileArgs)

//go:noescape
func tile4AVX512(args *tileArgs)

//go:noescape
func tile2AVX512(args *tileArgs)

//go:noescape
func tile1AVX512(args *tileArgs)

//go:noescape
func tile14F16AVX512(args *tileArgs)

//go:noescape
func tile8F16AVX512(args *tileArgs)

//go:noescape
func tile4F16AVX512(args *tileArgs)

//go:noescape
func tile2F16AVX512(args *tileArgs)

//go:noescape
func tile1F16AVX512(args *tileArgs)

//go:noescape
func tile6AVX2(args *tileArgs)

//go:noescape
func tile4AVX2(args *tileArgs)

//go:noescape
func tile1AVX2(args *tileArgs)

//go:noescape
func tile6F16AVX2(args *tileArgs)

//go:noescape
func tile4F16AVX2(args *tileArgs)

//go:noescape
func tile1F16AVX2(args *tileArgs)
