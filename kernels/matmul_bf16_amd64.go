//go:build !purego

package kernels

// panelArgs is what the assembly reads, strides in bytes.
type panelArgs struct {
	y     *float32 // 0
	yRow  int      // 8
	x     *BF16    // 16
	xRow  int      // 24
	w     *BF16    // 32
	pairs int      // 40: of k
	count int      // 48: tiles of 8 rows, or rows
	cols  uint64   // 56: a bit for each column
	add   int      // 64
}

//go:noescape
func panel8BF16(args *panelArgs)

//go:noescape
func panel1BF16(args *panelArgs)

func (p *panelBF16) fast() bool {
	if !useBF16() {
		return false
	}
	args := panelArgs{yRow: 4 * p.ldy, xRow: 2 * p.ldx, w: &p.w[0], pairs: len(p.w) / PanelWidthBF16 / 2, cols: 1<<p.cols - 1}
	if p.add {
		args.add = 1
	}
	args.y, args.x = &p.y[0], &p.x[0]
	_, _ = p.y[(p.rows-1)*p.ldy+p.cols-1], p.x[(p.rows-1)*p.ldx+2*args.pairs-1]
	if args.count = p.rows / 8; args.count > 0 {
		panel8BF16(&args)
	}
	if args.count = p.rows % 8; args.count > 0 {
		done := p.rows - args.count
		args.y, args.x = &p.y[done*p.ldy], &p.x[done*p.ldx]
		panel1BF16(&args)
	}
	return true
}
