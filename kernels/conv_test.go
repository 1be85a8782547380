package kernels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var convShapes = []Conv{{1, 1, 5, 3}, {3, 4, 8, 3}, {2, 7, 48, 5}, {9, 9, 64, 3}, {4, 3, 37, 7}, {1, 12, 40, 3}, {5, 1, 16, 1}}

// convolve is Conv.Forward as its equation stands, in float64.
func convolve(c Conv, x, w []float64) []float64 {
	y := make([]float64, len(x))
	for cell := range c.Rows * c.Cols {
		for tap := range c.K * c.K {
			row, col := cell/c.Cols+tap/c.K-c.K/2, cell%c.Cols+tap%c.K-c.K/2
			if row < 0 || col < 0 || row >= c.Rows || col >= c.Cols {
				continue
			}
			for j := range c.D {
				y[cell*c.D+j] += w[tap*c.D+j] * x[(row*c.Cols+col)*c.D+j]
			}
		}
	}
	return y
}

func TestConv(t *testing.T) {
	for _, c := range convShapes {
		eachCase(t, fmt.Sprint(c), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(c.D)))
			cells := c.Rows * c.Cols
			x, _ := fenced(t, rng, cells*c.D)
			w, checkW := fenced(t, rng, c.K*c.K*c.D)
			y, checkY := fenced(t, rng, cells*c.D)
			dy, _ := fenced(t, rng, cells*c.D)
			want := convolve(c, widenTo64(x), widenTo64(w))
			c.Forward(y, x, w, 0, cells)
			closeTo(t, "y", y, want, rowTol)
			// The same bits for any part of the cells.
			whole := slices.Clone(y)
			for lo := 0; lo < cells; lo += 5 {
				hi := min(lo+5, cells)
				c.Forward(y[lo*c.D:hi*c.D], x, w, lo, hi)
			}
			if !slices.Equal(y, whole) {
				t.Error("other bits in parts")
			}
			// The gradients are those of the sum of y * dy: it is linear in x and in w.
			c.Back(y, dy, w, 0, cells)
			closeTo(t, "dx", y, convolveBack(c, widenTo64(dy), widenTo64(w)), rowTol)
			dw := widenTo64(w)
			for i := range dw {
				unit := make([]float64, len(dw))
				unit[i] = 1
				for j, v := range convolve(c, widenTo64(x), unit) {
					dw[i] += v * float64(dy[j])
				}
			}
			c.FilterBack(w, dy, x)
			closeTo(t, "dw", w, dw, rowTol)
			checkY()
			checkW()
		})
	}
}

// convolveBack is the adjoint of convolve, by its definition.
func convolveBack(c Conv, dy, w []float64) []float64 {
	dx := make([]float64, len(dy))
	for i := range dx {
		cell, ch := i/c.D, i%c.D
		for near := range c.Rows * c.Cols {
			row, col := cell/c.Cols-near/c.Cols+c.K/2, cell%c.Cols-near%c.Cols+c.K/2
			if row >= 0 && col >= 0 && row < c.K && col < c.K {
				dx[i] += dy[near*c.D+ch] * w[(row*c.K+col)*c.D+ch]
			}
		}
	}
	return dx
}

func TestConvPanicsOnShortSlices(t *testing.T) {
	c := Conv{3, 4, 8, 3}
	for name, call := range map[string]func(){
		"y":     func() { c.Forward(make([]float32, 95), make([]float32, 96), make([]float32, 72), 0, 12) },
		"x":     func() { c.Forward(make([]float32, 96), make([]float32, 95), make([]float32, 72), 0, 12) },
		"w":     func() { c.Back(make([]float32, 96), make([]float32, 96), make([]float32, 71), 0, 12) },
		"cells": func() { c.Forward(make([]float32, 200), make([]float32, 96), make([]float32, 72), 0, 13) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

func BenchmarkConv(b *testing.B) {
	c := Conv{30, 30, 64, 3}
	x, y, w := make([]float32, 900*64), make([]float32, 900*64), make([]float32, 9*64)
	flops := 2 * float64(len(x)) * 9
	for b.Loop() {
		c.Forward(y, x, w, 0, 900)
	}
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
