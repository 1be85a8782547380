package kernels

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
