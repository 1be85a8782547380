package kernels

import "fmt"

// PanelWidthBF16 is the number of rows of w that lie side by side in a panel
// of PanelsBF16.
const PanelWidthBF16 = 32

// PadBF16 rounds the length of a reduction up to whole tiles of AMX.
func PadBF16(n int) int { return (n + 31) &^ 31 }

// PanelsBF16 is a matrix w [N, K] rounded to BF16 and laid out for
// MatMulTBF16: panel p holds rows 32p..32p+31 in pairs of k,
//
//	Data[((p*K2 + k/2)*32 + j)*2 + k%2] = w[32p+j, k]    K2 = ceil(K/2)
//
// Rows beyond N and the partner of an odd last k are zero. Training packs a
// weight once per optimizer step.
type PanelsBF16 struct {
	N, K int
	Data []BF16 // [ceil(N/32), K2, 32, 2]

	rounded []BF16 // scratch of Pack and PackT
}

// Pack lays out w [n, k], row-major, for y = x . w^T. It reuses Data.
func (p *PanelsBF16) Pack(w []float32, n, k int) {
	p.PackDots(p.round(w[:n*k]), k, n, k)
}

// PackT lays out the transpose of w [k, n], row-major, for y = x . w. It reuses
// Data.
func (p *PanelsBF16) PackT(w []float32, k, n int) {
	p.resize(n, k, k)
	p.pairRows(p.round(w[:k*n]), n, k, n)
}

func (p *PanelsBF16) round(w []float32) []BF16 {
	if cap(p.rounded) < len(w) {
		p.rounded = make([]BF16, len(w))
	}
	RoundBF16(p.rounded[:len(w)], w)
	return p.rounded[:len(w)]
}

// PackDots is Pack for rows of w that are rounded and ldw numbers apart.
func (p *PanelsBF16) PackDots(w []BF16, ldw, n, k int) {
	p.resize(n, k, k)
	done := packDotsFast(p, w, ldw, n, k)
	for j := done; j < n; j++ {
		row := w[j*ldw : j*ldw+k]
		out := p.Data[j/PanelWidthBF16*p.panelLen()+j%PanelWidthBF16*2:]
		for i, v := range row {
			out[i/2*2*PanelWidthBF16+i%2] = v
		}
	}
}

// PackRows lays out the transpose of x [rows, n], whose rows are rounded and ldx
// numbers apart, for a product that reduces over its rows: K is
// PadBF16(rows), and what is added is zero.
func (p *PanelsBF16) PackRows(x []BF16, ldx, rows, n int) {
	p.resize(n, PadBF16(rows), rows)
	p.pairRows(x, ldx, rows, n)
}

// pairRows fills Data from the transpose of x [rows, n].
func (p *PanelsBF16) pairRows(x []BF16, ldx, rows, n int) {
	done := pairRowsFast(p, x, ldx, rows, n)
	for r := range rows {
		from := 0
		if r < rows&^1 {
			from = done
		}
		for j := from; j < n; j++ {
			p.Data[j/PanelWidthBF16*p.panelLen()+(r/2*PanelWidthBF16+j%PanelWidthBF16)*2+r%2] = x[r*ldx+j]
		}
	}
}

// resize sets the shape, for data with the first filled numbers of K; what lies
// beside them is zero.
func (p *PanelsBF16) resize(n, k, filled int) {
	p.N, p.K = n, k
	size := (n + PanelWidthBF16 - 1) / PanelWidthBF16 * p.panelLen()
	if cap(p.Data) < size {
		p.Data = make([]BF16, size)
	}
	p.Data = p.Data[:size]
	for j := 0; j < n; j += PanelWidthBF16 {
		panel := p.Data[j/PanelWidthBF16*p.panelLen():][:p.panelLen()]
		if j+PanelWidthBF16 <= n {
			panel = panel[filled/2*2*PanelWidthBF16:]
		}
		clear(panel)
	}
}

func (p *PanelsBF16) panelLen() int { return (p.K + 1) / 2 * 2 * PanelWidthBF16 }

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
	runPanel(panel[BF16]{
		c: y, cRow: ldy, a: x, aRow: ldx, aStep: 2,
		b: w.Data[j/PanelWidthBF16*w.panelLen():], bStep: 2 * PanelWidthBF16,
		steps: w.K / 2, rows: rows, cols: min(PanelWidthBF16, w.N-j), add: add,
	})
}

// rowsAtOnce is how many rows of x MatMulTBF16 takes over all panels before it
// goes on: they stay in the first-level cache.
const rowsAtOnce = 96

// TransposeBF16 sets dst[c, r] = src[r, c], for src [rows, cols] and rows of dst
// ld numbers apart. What dst has beyond rows, up to PadBF16(rows), is zero; src has
// PadBF16(rows) rows too, and those beyond rows are set to zero.
func TransposeBF16(dst []BF16, ld int, src []BF16, rows, cols int) {
	padded := PadBF16(rows)
	src = src[:padded*cols]
	clear(src[rows*cols:])
	done := transposeFast(dst, ld, src, padded, cols)
	for r := range padded {
		for c := done; c < cols; c++ {
			dst[c*ld+r] = src[r*cols+c]
		}
	}
}
