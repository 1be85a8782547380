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
	for j := range n {
		p.SetRow(j, w[j*k:(j+1)*k])
	}
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
	for i := range k {
		p.SetCol(i, w[i*n:(i+1)*n])
	}
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

// SetRow sets w[j, :] = row. Different rows may be set concurrently.
func (p *Panels) SetRow(j int, row []float32) {
	if p.K > 0 {
		setRow(p.Data[j/PanelWidth*PanelWidth*p.K+j%PanelWidth:], row[:p.K])
	}
}

// SetCol sets w[:, k] = col. Different columns may be set concurrently.
func (p *Panels) SetCol(k int, col []float32) {
	col = col[:p.N]
	for at := k * PanelWidth; len(col) > 0; at += PanelWidth * p.K {
		n := copy(p.Data[at:at+PanelWidth], col)
		col = col[n:]
	}
}

func panelCount(n int) int { return (n + PanelWidth - 1) / PanelWidth }

// setRowGeneric sets out[16i] = row[i].
func setRowGeneric(out, row []float32) {
	for i, v := range row {
		out[i*PanelWidth] = v
	}
}
