package gpu_test

import (
	"math"
	"testing"

	"github.com/hrmgo/hrm/gpu"
)

// orthogonal is the oracle: five Newton-Schulz iterations in float64, always
// with the Gram matrix of the rows.
func orthogonal(x []float64, rows, cols int) []float64 {
	norm := math.Sqrt(dot(x, x)) + 1e-7
	y := make([]float64, len(x))
	axpy(y, 1/norm, x)
	for range 5 {
		gram := product(y, y, rows, rows, cols)
		square := product(gram, gram, rows, rows, rows)
		for i, g := range gram {
			square[i] = -4.7750*g + 2.0315*square[i]
		}
		columns := make([]float64, len(y)) // y^T
		for i := range rows {
			for j := range cols {
				columns[j*rows+i] = y[i*cols+j]
			}
		}
		next := product(square, columns, rows, cols, rows)
		axpy(next, 3.4445, y)
		y = next
	}
	return y
}

func TestMuon(t *testing.T) {
	d := open(t)
	for _, s := range [][2]int{{1, 5}, {33, 81}, {82, 40}, {64, 64}} {
		rows, cols := s[0], s[1]
		n := rows * cols
		r := random(uint64(n))
		w, g, m, ema := normal(r, n), normal(r, n), normal(r, n), normal(r, n)
		u := gpu.Muon{Rows: rows, Cols: cols, LR: 0.01, Decay: 0.1, Beta: 0.9, Scale: 0.2, EMA: 0.99}
		const clip = 0.5
		wm, step := make([]float64, n), make([]float64, n)
		for i := range n {
			wm[i] = 0.9*float64(m[i]) + clip*float64(g[i])
			step[i] = clip*float64(g[i]) + 0.9*wm[i]
		}
		o := orthogonal(step, rows, cols)
		ww, we := make([]float64, n), make([]float64, n)
		for i := range n {
			ww[i] = float64(w[i])*(1-0.01*0.1) - 0.01*0.2*math.Sqrt(float64(max(rows, cols)))*o[i]
			we[i] = 0.99*float64(ema[i]) + 0.01*ww[i]
		}
		a := gpu.Arena{Device: d}
		scratch := gpu.NewMuonScratch(&a, n, min(rows, cols))
		check(t, a.Err)
		dw, dm, de := upload(t, d, w), upload(t, d, m), upload(t, d, ema)
		d.Muon(dw.exact(), upload(t, d, g).exact(), dm.exact(), de.exact(), upload(t, d, []float32{0, 9, clip}).view(), 1, scratch, u)
		near(t, "momentum", download[float32](t, d, dm), wm)
		near(t, "moving average", download[float32](t, d, de), we)
		for i, v := range download[float32](t, d, dw) { // the step alone, which is small beside w
			if got, want := float64(v)-float64(w[i]), ww[i]-float64(w[i]); math.Abs(got-want) > 2e-6 {
				t.Fatalf("%d x %d: step %d is %v, want %v", rows, cols, i, got, want)
			}
		}
		a.Release()
	}
}

func TestStart(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 4, P: 5, D: 9}
	r := random(1)
	init := normal(r, 2*h.D)
	zH, zL := normal(r, h.Lanes*h.P*h.D), normal(r, h.Lanes*h.P*h.D)
	dH, dL := upload(t, d, zH), upload(t, d, zL)
	d.Start(dH.view(), dL.view(), upload(t, d, []uint32{3, 1, 77}).view(), upload(t, d, init).view(), 2, h)
	gotH, gotL := download[float32](t, d, dH), download[float32](t, d, dL)
	for i := range zH {
		wantH, wantL := zH[i], zL[i]
		if lane := i / (h.P * h.D); lane == 1 || lane == 3 {
			wantH, wantL = init[i%h.D], init[h.D+i%h.D]
		}
		if gotH[i] != wantH || gotL[i] != wantL {
			t.Fatalf("number %d is %v and %v, want %v and %v", i, gotH[i], gotL[i], wantH, wantL)
		}
	}
}
