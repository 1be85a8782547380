//go:build !purego

package kernels

// d is a multiple of 8 and not 0, rows at least 1; rows are ld numbers apart.

//go:noescape
func mulAddNEON(y, w, x *float32, rows, d, ld int)

//go:noescape
func sumProductsNEON(dw, dy, x *float32, rows, d, ld int)

// mulAdd sets y[i, c] += w[c] * x[i, c] for n cells of len(w) channels.
func mulAdd(y, w, x []float32, n int) {
	d := eights(len(w))
	if d > 0 {
		need("mulAdd", "y", min(len(y), len(x)), n*len(w))
		mulAddNEON(&y[0], &w[0], &x[0], n, d, len(w))
	}
	if d < len(w) {
		mulAddGeneric(y, w, x, n, d)
	}
}

// sumProducts sets dw[c] += sum over n cells of dy[i, c] * x[i, c].
func sumProducts(dw, dy, x []float32, n int) {
	d := eights(len(dw))
	if d > 0 {
		need("sumProducts", "dy", min(len(dy), len(x)), n*len(dw))
		sumProductsNEON(&dw[0], &dy[0], &x[0], n, d, len(dw))
	}
	if d < len(dw) {
		sumProductsGeneric(dw, dy, x, n, d)
	}
}
