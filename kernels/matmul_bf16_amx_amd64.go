//go:build !purego

package kernels

import "unsafe"

// argsBF16AMX is what matMulBF16AMX reads, strides in bytes.
type argsBF16AMX struct {
	config tileConfig     // 0
	c      unsafe.Pointer // 64: float32, or BF16 with round
	cRow   int            // 72
	a      unsafe.Pointer // 80
	aRow   int            // 88
	b      unsafe.Pointer // 96: the first panel
	bPanel int            // 104
	steps  int            // 112: tiles along the reduction
	blocks int            // 120: of up to 32 rows
	panels int            // 128
	lower  int            // 136: 16*aRow, or 0 for a block of at most 16 rows
	right  int            // 144: 64, or 0 for at most 16 columns
	add    int            // 152
	backC  int            // 160: from where the last block would start to where
	backA  int            // 168: it does, of several

	// matMulRoundBF16AMX only:
	rows int    // 176: of a block
	cols uint64 // 184: a bit for each of 32 columns of a panel
	//lint:ignore U1000 192: filled by the assembly
	sums [2]uintptr

	round bool
}

// matMulBF16AMX runs args.panels panels over args.blocks blocks of rows, and destroys
// args.
//
//go:noescape
func matMulBF16AMX(args *argsBF16AMX)

// matMulRoundBF16AMX is matMulBF16AMX with c in BF16.
//
//go:noescape
func matMulRoundBF16AMX(args *argsBF16AMX)

func matMulTBF16AMX(args argsBF16AMX, m int, w *PanelsBF16) {
	const tile = 16
	words := w.K / 2
	if args.steps = words / tile; args.steps > 0 {
		args.all(m, w.N, tile)
		args.add = 1
	}
	if rest := words % tile; rest > 0 { // a second pass
		done := words - rest
		args.a = unsafe.Add(args.a, 4*done)
		args.b = unsafe.Add(args.b, 4*PanelWidthBF16*done)
		args.steps = 1
		args.all(m, w.N, rest)
	}
}

// all runs m rows and n columns, some rows over all panels at a time.
func (args argsBF16AMX) all(m, n, words int) {
	for rows := 0; m > 0; m -= rows {
		if rows > 0 { // after the last there is nothing to point to
			args.skip(rows)
		}
		rows = min(rowsAtOnce, m)
		if args.overlap(rows, n) {
			call := args
			call.blocks = (rows + 31) / 32
			call.backC, call.backA = (32*call.blocks-rows)*args.cRow, (32*call.blocks-rows)*args.aRow
			call.columns(32, n, words)
			continue
		}
		if args.blocks = rows / 32; args.blocks > 0 {
			args.columns(32, n, words)
		}
		if rest := rows % 32; rest > 0 {
			last := args
			last.skip(rows - rest)
			last.blocks = 1
			last.columns(rest, n, words)
		}
	}
}

// overlap tells whether a last block of fewer than 32 rows takes some rows of the
// one before once more: for a small product that costs less than to load another
// tileConfig. What is added to must be done once.
func (args *argsBF16AMX) overlap(rows, n int) bool {
	const small = 8
	return rows > 32 && rows%32 != 0 && args.add == 0 && args.steps*(n+PanelWidthBF16-1)/PanelWidthBF16 <= small
}

func (args *argsBF16AMX) skip(rows int) {
	args.c = unsafe.Add(args.c, rows*args.cRow)
	args.a = unsafe.Add(args.a, rows*args.aRow)
}

// columns runs the whole panels, then the last one where it is narrower.
func (args argsBF16AMX) columns(rows, n, words int) {
	args.rows, args.lower = rows, 0
	if rows > 16 {
		args.lower = 16 * args.aRow
	}
	if whole := n / PanelWidthBF16; whole > 0 {
		call := args
		call.panels, call.right, call.cols = whole, 64, 1<<32-1
		call.config.setProduct(rows, PanelWidthBF16, words)
		call.run()
	}
	if rest := n % PanelWidthBF16; rest > 0 {
		args.b = unsafe.Add(args.b, n/PanelWidthBF16*args.bPanel)
		args.c = unsafe.Add(args.c, n/PanelWidthBF16*args.panelWidth())
		args.panels, args.right, args.cols = 1, 0, 1<<rest-1
		if rest > 16 {
			args.right = 64
		}
		args.config.setProduct(rows, rest, words)
		args.run()
	}
}

func (args *argsBF16AMX) run() {
	if args.round {
		matMulRoundBF16AMX(args)
	} else {
		matMulBF16AMX(args)
	}
}

// panelWidth is the number of bytes of a panel's columns in c.
func (args *argsBF16AMX) panelWidth() int {
	if args.round {
		return 2 * PanelWidthBF16
	}
	return 4 * PanelWidthBF16
}

func newArgsBF16AMX(x []BF16, ldx int, w *PanelsBF16) argsBF16AMX {
	return argsBF16AMX{
		a: unsafe.Pointer(unsafe.SliceData(x)), aRow: 2 * ldx,
		b: unsafe.Pointer(unsafe.SliceData(w.Data)), bPanel: 2 * w.panelLen(),
	}
}

func matMulTBF16(y []float32, ldy int, x []BF16, ldx, m int, w *PanelsBF16, add bool) {
	if active != amx {
		matMulTPanels(y, ldy, x, ldx, m, w, add)
		return
	}
	args := newArgsBF16AMX(x, ldx, w)
	args.c, args.cRow = unsafe.Pointer(unsafe.SliceData(y)), 4*ldy
	if add {
		args.add = 1
	}
	matMulTBF16AMX(args, m, w)
}

func matMulTRound(y []BF16, ldy int, x []BF16, ldx, m int, w *PanelsBF16) {
	if active != amx || w.K%32 != 0 { // sums of a second pass are not rounded in between
		matMulTRoundPanels(y, ldy, x, ldx, m, w)
		return
	}
	args := newArgsBF16AMX(x, ldx, w)
	args.c, args.cRow, args.round = unsafe.Pointer(unsafe.SliceData(y)), 2*ldy, true
	matMulTBF16AMX(args, m, w)
}
