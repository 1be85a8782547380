//go:build !purego

package kernels

import "unsafe"

// panelArgsAMX is what panelAMX reads, strides in bytes.
type panelArgsAMX struct {
	config tileConfig     // 0
	c      unsafe.Pointer // 64
	cRow   int            // 72
	a      unsafe.Pointer // 80
	aRow   int            // 88
	b      unsafe.Pointer // 96
	bStep  int            // 104
	steps  int            // 112: tiles along the reduction
	count  int            // 120: blocks of 32 rows
	lower  int            // 128: 16*aRow, or 0 for a block of at most 16 rows
	right  int            // 136: 64, or 0 for at most 16 columns
	add    int            // 144
}

// panelAMX runs args.count blocks of up to 32 rows and 32 columns.
//
//go:noescape
func panelAMX(args *panelArgsAMX)

// runPanelAMX is runPanel for rows of a that are contiguous. What a division of
// the steps by 16 leaves is a second pass.
func runPanelAMX(p panel[BF16]) {
	args := panelArgsAMX{
		c: unsafe.Pointer(unsafe.SliceData(p.c)), cRow: 4 * p.cRow,
		a: unsafe.Pointer(unsafe.SliceData(p.a)), aRow: 2 * p.aRow,
		b: unsafe.Pointer(unsafe.SliceData(p.b)), bStep: 2 * p.bStep,
	}
	if p.add {
		args.add = 1
	}
	if p.cols > 16 {
		args.right = 64
	}
	const tile = 16
	if args.steps = p.steps / tile; args.steps > 0 {
		args.rows(p.rows, p.cols, tile)
		args.add = 1
	}
	if rest := p.steps % tile; rest > 0 {
		done := p.steps - rest
		args.a = unsafe.Add(args.a, 4*done)
		args.b = unsafe.Add(args.b, done*args.bStep)
		args.steps = 1
		args.rows(p.rows, p.cols, rest)
	}
}

// rows runs the blocks of 32 rows, then one of what is left.
func (args panelArgsAMX) rows(rows, cols, words int) {
	if args.count = rows / 32; args.count > 0 {
		args.config.setProduct(32, cols, words)
		args.lower = 16 * args.aRow
		panelAMX(&args)
	}
	if rest := rows % 32; rest > 0 {
		done := rows - rest
		args.c = unsafe.Add(args.c, done*args.cRow)
		args.a = unsafe.Add(args.a, done*args.aRow)
		args.count, args.lower = 1, 0
		if rest > 16 {
			args.lower = 16 * args.aRow
		}
		args.config.setProduct(rest, cols, words)
		panelAMX(&args)
	}
}
