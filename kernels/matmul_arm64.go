//go:build !purego

package kernels

import "unsafe"

func product(y []float32, ldy int, x strided, m int, w *Panels, add bool) {
	if useNEON() && x.step == 1 && !add {
		matMulTNEON(y, ldy, x.x, x.row, m, w)
	} else {
		productGeneric(y, ldy, x, m, w, add)
	}
}

// The tiles set y[i, j] for a fixed number of rows and the 16 columns of a
// panel. Strides are in bytes.

//go:noescape
func tile6NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)

//go:noescape
func tile4NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)

//go:noescape
func tile2NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)

//go:noescape
func tile1NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)

// tileNEON runs the largest tile of at most rows and returns its rows.
func tileNEON(rows int, y *float32, ldy int, x *float32, ldx int, w *float32, k int) int {
	switch {
	case rows >= 6:
		tile6NEON(y, ldy, x, ldx, w, k)
		return 6
	case rows >= 4:
		tile4NEON(y, ldy, x, ldx, w, k)
		return 4
	case rows >= 2:
		tile2NEON(y, ldy, x, ldx, w, k)
		return 2
	}
	tile1NEON(y, ldy, x, ldx, w, k)
	return 1
}

// matMulTNEON runs all rows over one panel before it goes on to the next. NEON
// has no masked store: a tile of a partial panel is copied from edge.
func matMulTNEON(y []float32, ldy int, x []float32, ldx, m int, w *Panels) {
	var edge [6 * PanelWidth]float32
	for j := 0; j < w.N; j += PanelWidth {
		panel, n := unsafe.SliceData(w.Data[j*w.K:]), min(PanelWidth, w.N-j)
		for i := 0; i < m; {
			xi := unsafe.SliceData(x[i*ldx:])
			if n == PanelWidth {
				i += tileNEON(m-i, &y[i*ldy+j], 4*ldy, xi, 4*ldx, panel, w.K)
				continue
			}
			rows := tileNEON(m-i, &edge[0], 4*PanelWidth, xi, 4*ldx, panel, w.K)
			for r := range rows {
				copy(y[(i+r)*ldy+j:][:n], edge[r*PanelWidth:])
			}
			i += rows
		}
	}
}
