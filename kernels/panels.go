package kernels

import (
	"fmt"
	"unsafe"
)

// PanelWidth is the number of rows of w that lie side by side in a panel.
const PanelWidth = 16

// Panels is a matrix w [N, K] laid out for MatMulT: panel p holds rows
// 16p..16p+15 with k outermost,
//
//	Data[(p*K + k)*16 + j] = w[16p+j, k],
//
// so that one vector load gives the same k of 16 rows. Rows beyond N are zero.
type Panels struct {
	N, K int
	Data []float32 // [ceil(N/16), K, 16]
}

// NewPanels returns a zero matrix [n, k].
func NewPanels(n, k int) *Panels {
	return &Panels{N: n, K: k, Data: make([]float32, PanelsLen(n, k))}
}

// PanelsLen returns the length of Data for a matrix [n, k].
func PanelsLen(n, k int) int { return panelCount(n) * PanelWidth * k }

// Pack lays out w [n, k], row-major.
func Pack(w []float32, n, k int) *Panels {
	need("Pack", "w", len(w), n*k)
	p := NewPanels(n, k)
	p.SetRows(w, k)
	return p
}

// WeightMemory returns n zeros for the weights of a model, on large pages
// where the system has them. A segment reads all weights, more than any cache
// holds, and with small pages waits for the page table each 4 KiB: seen on
// Zen 4, 42 rows by a matrix in memory ran at 102 of 117 GFLOP/s with small
// pages, at 110 with large ones.
func WeightMemory[T float32 | F16 | int8](n int) []T {
	w := make([]T, n)
	if n > 0 {
		adviseHuge(unsafe.Pointer(&w[0]), n*int(unsafe.Sizeof(w[0])))
	}
	return w
}

// PackT lays out the transpose of w [k, n], row-major, so that MatMulT with it
// is x . w.
func PackT(w []float32, k, n int) *Panels {
	need("PackT", "w", len(w), n*k)
	p := NewPanels(n, k)
	p.SetCols(w, n)
	return p
}

// Rows returns rows lo..lo+n-1 of w, in the same memory. lo must be a multiple
// of PanelWidth.
func (p *Panels) Rows(lo, n int) Panels {
	checkRows(lo, n, p.N)
	return Panels{N: n, K: p.K, Data: p.Data[lo*p.K : lo*p.K+PanelsLen(n, p.K)]}
}

// checkRows panics unless rows lo..lo+n-1 of all rows start at a panel.
func checkRows(lo, n, all int) {
	if lo%PanelWidth != 0 || lo+n > all {
		panic(fmt.Sprintf("kernels: rows %d to %d of panels with %d", lo, lo+n-1, all))
	}
}

// SetRows sets all of w from its rows, ldw numbers apart.
func (p *Panels) SetRows(w []float32, ldw int) {
	for j := packRowsFast(p, w, ldw); j < p.N; j++ {
		p.SetRow(j, w[j*ldw:])
	}
}

// SetCols sets all of w from its columns, ldw numbers apart.
func (p *Panels) SetCols(w []float32, ldw int) {
	done := packColsFast(p, w, ldw)
	for k := 0; done < p.N && k < p.K; k++ {
		p.setCol(k, done, w[k*ldw:])
	}
}

// SetRow sets w[j, :] = row. Different rows may be set concurrently.
func (p *Panels) SetRow(j int, row []float32) {
	if p.K > 0 {
		setRow(p.Data[j/PanelWidth*PanelWidth*p.K+j%PanelWidth:], row[:p.K])
	}
}

// SetCol sets w[:, k] = col. Different columns may be set concurrently.
func (p *Panels) SetCol(k int, col []float32) { p.setCol(k, 0, col) }

// setCol sets w[from:, k], from a multiple of PanelWidth.
func (p *Panels) setCol(k, from int, col []float32) {
	for j := from; j < p.N; j += PanelWidth {
		copy(p.Data[j*p.K+k*PanelWidth:][:PanelWidth], col[j:p.N])
	}
}

func panelCount(n int) int { return (n + PanelWidth - 1) / PanelWidth }

// setRowGeneric sets out[16i] = row[i].
func setRowGeneric(out, row []float32) {
	for i, v := range row {
		out[i*PanelWidth] = v
	}
}
