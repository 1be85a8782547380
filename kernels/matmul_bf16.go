package kernels

import "fmt"

// MatMulTBF16 is MatMulT with factors rounded to BF16 and float32 sums:
//
//	y[i, j] = sum over k of x[i, k] * w[j, k]    i < m, j < w.N
//
// or y += with add. Row i of x starts at x[i*ldx], row i of y at y[i*ldy].
// K must be even. The order of a sum depends on K alone.
//
// With the operands of TransposeBF16 and PackRows it adds the gradient of a
// weight: dw[j, k] += sum over rows i of dy[i, j] * x[i, k].
func MatMulTBF16(y []float32, ldy int, x []BF16, ldx, m int, w *PanelsBF16, add bool) {
	if m <= 0 || w.N == 0 || w.K == 0 {
		return
	}
	w.check("MatMulTBF16", len(y), ldy, len(x), ldx, m)
	matMulTBF16(y, ldy, x, ldx, m, w, add)
}

// MatMulTRoundBF16 is MatMulTBF16 with a result rounded to BF16.
func MatMulTRoundBF16(y []BF16, ldy int, x []BF16, ldx, m int, w *PanelsBF16) {
	if m <= 0 || w.N == 0 || w.K == 0 {
		return
	}
	w.check("MatMulTRoundBF16", len(y), ldy, len(x), ldx, m)
	matMulTRound(y, ldy, x, ldx, m, w)
}

// check panics where a product would leave a slice.
func (w *PanelsBF16) check(kernel string, y, ldy, x, ldx, m int) {
	if ldy < w.N || ldx < w.K || w.K%2 != 0 {
		panic(fmt.Sprintf("kernels: %s: rows of %d and %d numbers, want at least %d and %d, the latter even", kernel, ldy, ldx, w.N, w.K))
	}
	need(kernel, "y", y, (m-1)*ldy+w.N)
	need(kernel, "x", x, (m-1)*ldx+w.K)
}

// matMulTPanels is MatMulTBF16 panel by panel.
func matMulTPanels(y []float32, ldy int, x []BF16, ldx, m int, w *PanelsBF16, add bool) {
	for i := 0; i < m; i += rowsAtOnce {
		for j := 0; j < w.N; j += PanelWidthBF16 {
			w.panel(y[i*ldy+j:], ldy, x[i*ldx:], ldx, min(rowsAtOnce, m-i), j, add)
		}
	}
}

// matMulTRoundPanels is MatMulTRoundBF16 panel by panel.
func matMulTRoundPanels(y []BF16, ldy int, x []BF16, ldx, m int, w *PanelsBF16) {
	var sums [32 * PanelWidthBF16]float32
	for i := 0; i < m; i += 32 {
		for j := 0; j < w.N; j += PanelWidthBF16 {
			rows, cols := min(32, m-i), min(PanelWidthBF16, w.N-j)
			w.panel(sums[:], PanelWidthBF16, x[i*ldx:], ldx, rows, j, false)
			for r := range rows {
				RoundBF16(y[(i+r)*ldy+j:], sums[r*PanelWidthBF16:][:cols])
			}
		}
	}
}

// panel is the product with the panel that starts with row j of w.
func (w *PanelsBF16) panel(y []float32, ldy int, x []BF16, ldx, rows, j int, add bool) {
	p := panelBF16{
		y: y, ldy: ldy, x: x, ldx: ldx, rows: rows, cols: min(PanelWidthBF16, w.N-j),
		w: w.Data[j/PanelWidthBF16*w.panelLen():][:w.panelLen()], add: add,
	}
	if !p.fast() {
		p.generic()
	}
}

// panelBF16 is the product of some rows of x with one panel.
type panelBF16 struct {
	y          []float32
	ldy        int
	x          []BF16
	ldx        int
	w          []BF16 // [K/2, 32, 2]
	rows, cols int
	add        bool
}

func (p *panelBF16) generic() {
	for i := range p.rows {
		var sum [PanelWidthBF16]float32
		for k := 0; k < len(p.w)/PanelWidthBF16; k += 2 {
			pairs, a, b := p.w[k*PanelWidthBF16:], p.x[i*p.ldx+k].Float32(), p.x[i*p.ldx+k+1].Float32()
			for j := range p.cols {
				sum[j] += a*pairs[2*j].Float32() + b*pairs[2*j+1].Float32()
			}
		}
		row := p.y[i*p.ldy:][:p.cols]
		if p.add {
			addGeneric(row, sum[:])
		} else {
			copy(row, sum[:])
		}
	}
}

// rowsAtOnce is how many rows of x MatMulTBF16 takes over all panels before it
// goes on: they stay in the first-level cache.
const rowsAtOnce = 96
