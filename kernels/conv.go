package kernels

// Conv is the shape of a depthwise convolution over a grid of Rows x Cols cells of D
// channels, with K x K taps, K odd. Cells lie row by row, channels innermost; a filter
// is [K*K, D]. A neighbour outside the grid adds nothing.
type Conv struct{ Rows, Cols, D, K int }

// Forward sets cells lo..hi-1 of y, which begins with cell lo:
//
//	y[r, c] = sum over i, j < K of w[i, j] * x[r+i-K/2, c+j-K/2]
//
// x is [Rows*Cols, D]. The bits of a cell do not depend on lo and hi.
func (c Conv) Forward(y, x, w []float32, lo, hi int) {
	c.check("Conv.Forward", y, x, w, lo, hi)
	clear(y[:(hi-lo)*c.D])
	for tap := range c.K * c.K {
		c.each(tap, lo, hi, func(cell, n, neighbour int) {
			mulAdd(y[(cell-lo)*c.D:], w[tap*c.D:][:c.D], x[neighbour*c.D:], n)
		})
	}
}

// Back sets cells lo..hi-1 of dx, which begins with cell lo, to the gradient of x,
// given that of y, dy [Rows*Cols, D]: the same sum with the filter turned around.
func (c Conv) Back(dx, dy, w []float32, lo, hi int) {
	c.check("Conv.Back", dx, dy, w, lo, hi)
	clear(dx[:(hi-lo)*c.D])
	last := c.K*c.K - 1
	for tap := range c.K * c.K {
		c.each(tap, lo, hi, func(cell, n, neighbour int) {
			mulAdd(dx[(cell-lo)*c.D:], w[(last-tap)*c.D:][:c.D], dy[neighbour*c.D:], n)
		})
	}
}

// FilterBack adds the gradient of w:
//
//	dw[i, j] += sum over r, c of dy[r, c] * x[r+i-K/2, c+j-K/2]
func (c Conv) FilterBack(dw, dy, x []float32) {
	cells := c.Rows * c.Cols
	c.check("Conv.FilterBack", dy, x, dw, 0, cells)
	for tap := range c.K * c.K {
		c.each(tap, 0, cells, func(cell, n, neighbour int) {
			sumProducts(dw[tap*c.D:][:c.D], dy[cell*c.D:], x[neighbour*c.D:], n)
		})
	}
}

func (c Conv) check(kernel string, part, whole, w []float32, lo, hi int) {
	cells := c.Rows * c.Cols
	if lo < 0 || hi > cells || lo > hi {
		panic("kernels: " + kernel + ": cells outside the grid")
	}
	need(kernel, "cells", len(part), (hi-lo)*c.D)
	need(kernel, "x", len(whole), cells*c.D)
	need(kernel, "w", len(w), c.K*c.K*c.D)
}

// each calls f with runs of n cells of a row, among lo..hi-1, whose neighbours at a
// tap are in the grid and begin with neighbour.
func (c Conv) each(tap, lo, hi int, f func(cell, n, neighbour int)) {
	down, right := tap/c.K-c.K/2, tap%c.K-c.K/2
	for row := max(lo/c.Cols, -down); row < min((hi+c.Cols-1)/c.Cols, c.Rows-down); row++ {
		begin, end := row*c.Cols, (row+1)*c.Cols
		from, to := max(lo, begin, begin-right), min(hi, end, end-right)
		if from < to {
			f(from, to-from, from+down*c.Cols+right)
		}
	}
}

// mulAddGeneric sets y[i, c] += w[c] * x[i, c] for channels from of n cells.
func mulAddGeneric[T float](y, w, x []T, n, from int) {
	for i := range n {
		row, in := y[i*len(w):][:len(w)], x[i*len(w):][:len(w)]
		for j := from; j < len(w); j++ {
			row[j] += T(w[j] * in[j])
		}
	}
}

// sumProductsGeneric sets dw[c] += sum over n cells of dy[i, c] * x[i, c], for channels
// from.
func sumProductsGeneric[T float](dw, dy, x []T, n, from int) {
	for i := range n {
		a, b := dy[i*len(dw):][:len(dw)], x[i*len(dw):][:len(dw)]
		for j := from; j < len(dw); j++ {
			dw[j] += T(a[j] * b[j])
		}
	}
}
