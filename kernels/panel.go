package kernels

import "fmt"

// PanelWidthBF16 is the number of rows of w that lie side by side in a panel
// of PanelsBF16, and the number of columns that one pass of AddOuter fills.
const PanelWidthBF16 = 32

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
}

// Pack lays out w [n, k], row-major, for y = x . w^T. It reuses Data.
func (p *PanelsBF16) Pack(w []float32, n, k int) {
	p.resize(n, k)
	for j := range n {
		p.set(j, 0, w[j*k:(j+1)*k])
	}
}

// PackT lays out the transpose of w [k, n], row-major, for y = x . w. It reuses
// Data.
func (p *PanelsBF16) PackT(w []float32, k, n int) {
	p.resize(n, k)
	for i := range k {
		for j, v := range w[i*n : (i+1)*n] {
			p.Data[p.index(j, i)] = ToBF16(v)
		}
	}
}

func (p *PanelsBF16) resize(n, k int) {
	p.N, p.K = n, k
	size := (n + PanelWidthBF16 - 1) / PanelWidthBF16 * p.panelLen()
	if cap(p.Data) < size {
		p.Data = make([]BF16, size)
	}
	p.Data = p.Data[:size]
	clear(p.Data)
}

func (p *PanelsBF16) set(j, k int, row []float32) {
	for i, v := range row {
		p.Data[p.index(j, k+i)] = ToBF16(v)
	}
}

func (p *PanelsBF16) index(j, k int) int {
	return j/PanelWidthBF16*p.panelLen() + (k/2*PanelWidthBF16+j%PanelWidthBF16)*2 + k%2
}

func (p *PanelsBF16) panelLen() int { return (p.K + 1) / 2 * 2 * PanelWidthBF16 }

// MatMulTBF16 is MatMulT with factors rounded to BF16 and float32 sums:
//
//	y[i, j] = sum over k of x[i, k] * w[j, k]    i < m, j < w.N
//
// or y += with add. Row i of x starts at x[i*ldx], row i of y at y[i*ldy].
// K must be even. The order of a sum depends on K alone.
func MatMulTBF16(y []float32, ldy int, x []BF16, ldx, m int, w *PanelsBF16, add bool) {
	if m <= 0 || w.N == 0 || w.K == 0 {
		return
	}
	if ldy < w.N || ldx < w.K || w.K%2 != 0 {
		panic(fmt.Sprintf("kernels: MatMulTBF16: rows of %d and %d numbers, want at least %d and %d, the latter even", ldy, ldx, w.N, w.K))
	}
	for j := 0; j < w.N; j += PanelWidthBF16 {
		runPanel(panel[BF16]{
			c: y[j:], cRow: ldy,
			a: x, aRow: ldx, aStep: 2,
			b: w.Data[j/PanelWidthBF16*w.panelLen():], bStep: 2 * PanelWidthBF16,
			steps: w.K / 2, rows: m, cols: min(PanelWidthBF16, w.N-j), add: add,
		})
	}
}

// outerRows is how many rows AddOuter reduces before it returns to memory:
// their share of both operands stays in the second-level cache.
const outerRows = 256

// AddOuter adds the gradient of a weight:
//
//	dw[j, k] += sum over i < m of dy[i, j] * x[i, k]    j < n
//
// dy is [m, n], x is [m, k], dw is [n, k]. The order of a sum depends on m alone.
func AddOuter(dw, dy, x []float32, m, n, k int) {
	addOuter(dw[:n*k], dy[:m*n], x[:m*k], m, n, k)
}

// AddOuterBF16 is AddOuter for operands laid out by PairBF16, with float32
// sums.
func AddOuterBF16(dw []float32, dy, x []BF16, m, n, k int) {
	addOuter(dw[:n*k], dy[:PairedLen(m, n)], x[:PairedLen(m, k)], (m+1)/2, n, k)
}

func addOuter[T float32 | BF16](dw []float32, dy, x []T, steps, n, k int) {
	if n == 0 || k == 0 {
		return
	}
	g := group[T]()
	for s := 0; s < steps; s += outerRows / g {
		for j := 0; j < k; j += PanelWidthBF16 {
			runPanel(panel[T]{
				c: dw[j:], cRow: k,
				a: dy[s*n*g:], aRow: g, aStep: n * g,
				b: x[(s*k+j)*g:], bStep: k * g,
				steps: min(outerRows/g, steps-s), rows: n, cols: min(PanelWidthBF16, k-j), add: true,
			})
		}
	}
}

// panel is one pass over rows x up to 32 columns of c:
//
//	c[i*cRow + j] (+)= sum over s < steps, q < group of
//	    a[i*aRow + s*aStep + q] * b[s*bStep + j*group + q]
//
// for i < rows, j < cols. The group is 2 for BF16, 1 for float32.
type panel[T float32 | BF16] struct {
	c           []float32
	cRow        int
	a           []T
	aRow, aStep int
	b           []T
	bStep       int
	steps       int
	rows, cols  int
	add         bool
}

// group is how many neighbours of the reduction one step takes.
func group[T float32 | BF16]() int {
	var z T
	if _, ok := any(z).(BF16); ok {
		return 2
	}
	return 1
}

// check panics where an index would leave a slice, for the assembly.
func (p *panel[T]) check() {
	g := group[T]()
	_ = p.c[(p.rows-1)*p.cRow+p.cols-1]
	_ = p.a[(p.rows-1)*p.aRow+(p.steps-1)*p.aStep+g-1]
	_ = p.b[(p.steps-1)*p.bStep+p.cols*g-1]
}
