//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// useBF16 tells whether the AVX512_BF16 instructions may be used.
func useBF16() bool { return useAVX512() && cpu.X86.HasAVX512BF16 }

// slowBF16 tells whether float32 products are quicker than those of BF16: without
// AMX, on processors that have it. Seen on Emerald Rapids: 82 x 82 x 64 takes 12
// microseconds by VDPBF16PS and 5.5 in float32; on Zen 4 BF16 has twice the rate.
func slowBF16() bool { return active == avx512 && hasAMX() }

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
	count int            // 64: tiles, or rows
	cols  uint64         // 72, AVX-512: a bit for each column
	add   int            // 80
	mask  *int32         // 88, AVX2: -1 for each of 16 columns, else 0
	part  int            // 96, AVX2: 1 when not all 16 columns exist
}

// panelKernel is one implementation of runPanel.
type panelKernel uint8

const (
	panelGeneric panelKernel = iota
	panelF32AVX2
	panelF32AVX512
	panelBF16AVX512
)

func choosePanel(bf16 bool) panelKernel {
	switch {
	case bf16 && useBF16():
		return panelBF16AVX512
	case bf16:
		return panelGeneric
	case useAVX512():
		return panelF32AVX512
	case useAVX2():
		return panelF32AVX2
	}
	return panelGeneric
}

// tile is the number of rows and columns that are done at once.
func (k panelKernel) tile() (rows, cols int) {
	if k == panelF32AVX2 {
		return 4, 16
	}
	return 8, 32
}

// tiles runs args.count tiles. A function value would put args on the heap.
func (k panelKernel) tiles(args *panelArgs) {
	switch k {
	case panelF32AVX2:
		panel4AVX2(args)
	case panelF32AVX512:
		panel8F32(args)
	case panelBF16AVX512:
		panel8BF16(args)
	}
}

// singles runs args.count single rows.
func (k panelKernel) singles(args *panelArgs) {
	switch k {
	case panelF32AVX2:
		panel1AVX2(args)
	case panelF32AVX512:
		panel1F32(args)
	case panelBF16AVX512:
		panel1BF16(args)
	}
}

// panelMasks has the mask of n columns at 16-n.
var panelMasks = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

//go:noescape
func panel4AVX2(args *panelArgs)

//go:noescape
func panel1AVX2(args *panelArgs)

//go:noescape
func panel8F32(args *panelArgs)

//go:noescape
func panel1F32(args *panelArgs)

//go:noescape
func panel8BF16(args *panelArgs)

//go:noescape
func panel1BF16(args *panelArgs)

func runPanel[T float32 | BF16](p panel[T]) {
	kernel := choosePanel(group[T]() == 2)
	if kernel == panelGeneric {
		runPanelGeneric(p)
		return
	}
	p.check()
	_, cols := kernel.tile()
	for j := 0; j < p.cols; j += cols {
		args := p.args(j, min(cols, p.cols-j))
		kernel.run(&args, p.rows)
	}
}

// args is for the given number of columns from j on.
func (p *panel[T]) args(j, cols int) panelArgs {
	g := group[T]()
	size := 4 / g
	args := panelArgs{
		c: unsafe.Pointer(&p.c[j]), cRow: 4 * p.cRow,
		a: unsafe.Pointer(unsafe.SliceData(p.a)), aRow: size * p.aRow, aStep: size * p.aStep,
		b: unsafe.Pointer(&p.b[j*g]), bStep: size * p.bStep, steps: p.steps,
		cols: 1<<cols - 1, mask: &panelMasks[max(0, 16-cols)],
	}
	if p.add {
		args.add = 1
	}
	if cols < 16 {
		args.part = 1
	}
	return args
}

func (k panelKernel) run(args *panelArgs, rows int) {
	tileRows, _ := k.tile()
	if args.count = rows / tileRows; args.count > 0 {
		k.tiles(args)
	}
	if args.count = rows % tileRows; args.count > 0 {
		done := rows - args.count
		args.c = unsafe.Add(args.c, done*args.cRow)
		args.a = unsafe.Add(args.a, done*args.aRow)
		k.singles(args)
	}
}

//go:noescape
func roundBF16AVX512(dst *BF16, src *float32, n int)

//go:noescape
func expandBF16AVX512(dst *float32, src *BF16, n int)

// roundBF16Fast and expandBF16Fast do the first numbers, a multiple of 16, and
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

func expandBF16Fast(dst []float32, src []BF16) int {
	n := len(src) &^ 15
	if !useAVX512() || n == 0 {
		return 0
	}
	_ = dst[n-1]
	expandBF16AVX512(&dst[0], &src[0], n)
	return n
}
