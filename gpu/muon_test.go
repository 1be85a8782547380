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

// muonCase is a matrix and what one step makes of it.
type muonCase struct {
	rows, cols     int
	w, g, m, ema   []float32
	step           []float64 // of w
	wantM, wantEMA []float64
}

func newMuonCase(rows, cols int, u gpu.Muon, clip float64) *muonCase {
	n := rows * cols
	r := random(uint64(n))
	c := &muonCase{rows: rows, cols: cols, w: normal(r, n), g: normal(r, n), m: normal(r, n), ema: normal(r, n)}
	c.wantM, c.wantEMA, c.step = make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		c.wantM[i] = u.Beta*float64(c.m[i]) + clip*float64(c.g[i])
		c.step[i] = clip*float64(c.g[i]) + u.Beta*c.wantM[i]
	}
	o := orthogonal(c.step, rows, cols)
	for i, w := range c.w {
		c.step[i] = -u.LR*u.Decay*float64(w) - u.LR*u.Scale*math.Sqrt(float64(max(rows, cols)))*o[i]
		c.wantEMA[i] = u.EMA*float64(c.ema[i]) + (1-u.EMA)*(float64(w)+c.step[i])
	}
	return c
}

// TestMuon steps groups of one and of several matrices, wide and tall, some
// shorter than their slots.
func TestMuon(t *testing.T) {
	d := open(t)
	u := gpu.Muon{LR: 0.01, Decay: 0.1, Beta: 0.9, Scale: 0.2, EMA: 0.99}
	const clip = 0.5
	a := gpu.Arena{Device: d}
	defer a.Release()
	var cases []*muonCase
	var matrices []gpu.MuonMatrix
	for _, s := range [][2]int{{1, 5}, {33, 81}, {82, 40}, {33, 33}, {64, 64}, {70, 33}, {64, 128}} {
		c := newMuonCase(s[0], s[1], u, clip)
		cases = append(cases, c)
		matrices = append(matrices, gpu.MuonMatrix{
			W: upload(t, d, c.w).exact(), G: upload(t, d, c.g).exact(), M: upload(t, d, c.m).exact(), EMA: upload(t, d, c.ema).exact(), Rows: s[0], Cols: s[1],
		})
	}
	groups := gpu.NewMuonGroups(&a, matrices)
	check(t, a.Err)
	if len(groups) != 4 {
		t.Fatalf("%d groups, want one for each of the sides 1, 33, 40, 64", len(groups))
	}
	norm := upload(t, d, []float32{0, 9, clip}).view()
	for _, g := range groups {
		d.Muon(g, norm, 1, u)
	}
	for i, c := range cases {
		near(t, "momentum", download[float32](t, d, array{matrices[i].M.Buffer, matrices[i].M.N}), c.wantM)
		near(t, "moving average", download[float32](t, d, array{matrices[i].EMA.Buffer, matrices[i].EMA.N}), c.wantEMA)
		for j, v := range download[float32](t, d, array{matrices[i].W.Buffer, matrices[i].W.N}) { // the step alone, which is small beside w
			if got := float64(v) - float64(c.w[j]); math.Abs(got-c.step[j]) > 2e-6 {
				t.Fatalf("%d x %d: step %d is %v, want %v", c.rows, c.cols, j, got, c.step[j])
			}
		}
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
