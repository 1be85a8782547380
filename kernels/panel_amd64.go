//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useBF16 tells whether the AVX512_BF16 instructions may be used.
func useBF16() bool { return active == avx512 && cpu.X86.HasAVX512BF16 }

// panelArgs is what the assembly reads, strides in bytes.
type panelArgs struct {
	c     unsafe.Pointer // 0
	cRow  int            // 8
	a     unsafe.Pointer // 16
	aRow  int            // 24
	aStep int            // 32
	b     unsafe.Pointer // 40
	bStep int            // 48
	steps int            // 56
	count int            // 64: tiles of 8 rows, or rows
	cols  uint64         // 72: a bit for each column
	add   int            // 80
}

//go:noescape
func panel8F32(args *panelArgs)

//go:noescape
func panel1F32(args *panelArgs)

//go:noescape
func panel8BF16(args *panelArgs)

//go:noescape
func panel1BF16(args *panelArgs)

func runPanel[T float32 | BF16](p panel[T]) {
	tile, row := panel8F32, panel1F32
	size, ok := 4, active == avx512
	if group[T]() == 2 {
		tile, row, size, ok = panel8BF16, panel1BF16, 2, useBF16()
	}
	if !ok {
		runPanelGeneric(p)
		return
	}
	p.check()
	args := panelArgs{
		c: unsafe.Pointer(unsafe.SliceData(p.c)), cRow: 4 * p.cRow,
		a: unsafe.Pointer(unsafe.SliceData(p.a)), aRow: size * p.aRow, aStep: size * p.aStep,
		b: unsafe.Pointer(unsafe.SliceData(p.b)), bStep: size * p.bStep,
		steps: p.steps, cols: 1<<p.cols - 1,
	}
	if p.add {
		args.add = 1
	}
	if args.count = p.rows / 8; args.count > 0 {
		tile(&args)
	}
	if args.count = p.rows % 8; args.count > 0 {
		done := p.rows - args.count
		args.c = unsafe.Add(args.c, done*args.cRow)
		args.a = unsafe.Add(args.a, done*args.aRow)
		row(&args)
	}
}

//go:noescape
func roundBF16AVX512(dst *BF16, src *float32, n int)

//go:noescape
func pairBF16AVX512(dst *BF16, lo, hi *float32, n int)

// roundBF16Fast and pairFast do the first numbers, a multiple of 16, and
// return how many.
func roundBF16Fast(dst []BF16, src []float32) int {
	n := len(src) &^ 15
	if !useBF16() || n == 0 {
		return 0
	}
	_ = dst[n-1]
	roundBF16AVX512(&dst[0], &src[0], n)
	return n
}

func pairFast(dst []BF16, lo, hi []float32) int {
	n := len(lo) &^ 15
	if !useBF16() || n == 0 {
		return 0
	}
	_, _ = dst[2*n-1], hi[n-1]
	pairBF16AVX512(&dst[0], &lo[0], &hi[0], n)
	return n
}
