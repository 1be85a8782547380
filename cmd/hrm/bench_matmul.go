package main

import (
	"math"
	"sync"
	"time"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// product is the matrices of one block, one after the other, in one worker's
// memory: what a segment is without all else.
type product struct {
	rows int
	x    []float32
	y    []float32
	x8   []*kernels.RowsI8
	f32  []*kernels.Panels
	f16  []*kernels.PanelsF16
	i8   []*kernels.PanelsI8
	ops  float64
}

// newProduct makes the matrices of a block in a format, for a number of rows.
func newProduct(c *runtime.Config, f quantize.Format, rows int) *product {
	d, inter := c.Hidden, c.Inter()
	p := &product{rows: rows, x: make([]float32, rows*max(d, inter)), y: make([]float32, rows*max(3*d, 2*inter))}
	for i := range p.x {
		p.x[i] = float32(i%17) - 8
	}
	for _, s := range [][2]int{{3 * d, d}, {d, d}, {2 * inter, d}, {d, inter}} {
		n, k := s[0], s[1]
		p.ops += 2 * float64(rows) * float64(n) * float64(k)
		switch f {
		case quantize.I8:
			w := kernels.NewPanelsI8(n, k)
			for i := range w.Data {
				w.Data[i] = int8(i*i%251 - 125)
			}
			x := kernels.NewRowsI8(rows, k)
			x.Quantize(p.x, k, rows, k)
			p.i8, p.x8 = append(p.i8, w), append(p.x8, x)
		case quantize.F16:
			p.f16 = append(p.f16, kernels.NewPanelsF16(n, k))
		default:
			p.f32 = append(p.f32, kernels.NewPanels(n, k))
		}
	}
	return p
}

// run multiplies once with every matrix.
func (p *product) run() {
	for i, w := range p.i8 {
		kernels.MatMulI8(p.y, w.N, p.x8[i], p.rows, w)
	}
	for _, w := range p.f16 {
		kernels.MatMulF16(p.y, w.N, p.x, w.K, p.rows, w)
	}
	for _, w := range p.f32 {
		kernels.MatMulT(p.y, w.N, p.x, w.K, p.rows, w)
	}
}

// matMulRate returns the most operations a second that products alone do with the
// matrices of a block, on all threads, each with its share of the lanes' rows.
func matMulRate(c *runtime.Config, f quantize.Format, lanes, threads int, d time.Duration) float64 {
	rows := min(328, max(1, lanes*c.P()/threads))
	all := make([]*product, threads)
	for i := range all {
		all[i] = newProduct(c, f, rows)
	}
	best := math.Inf(1)
	for end := time.Now().Add(d); math.IsInf(best, 1) || time.Now().Before(end); {
		var wg sync.WaitGroup
		start := time.Now()
		for _, p := range all {
			wg.Go(p.run)
		}
		wg.Wait()
		best = min(best, time.Since(start).Seconds())
	}
	return float64(threads) * all[0].ops / best
}
