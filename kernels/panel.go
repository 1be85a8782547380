package kernels

// outerRows is how many rows AddOuter reduces before it returns to memory:
// their share of both operands stays in the second-level cache.
const outerRows = 256

// AddOuter adds the gradient of a weight:
//
//	dw[j, k] += sum over i < m of dy[i, j] * x[i, k]    j < n
//
// dy is [m, n], x is [m, k], dw is [n, k]. The order of a sum depends on m alone.
func AddOuter(dw, dy, x []float32, m, n, k int) {
	dw, dy, x = dw[:n*k], dy[:m*n], x[:m*k]
	if n == 0 || k == 0 {
		return
	}
	for s := 0; s < m; s += outerRows {
		for j := 0; j < k; j += PanelWidthBF16 {
			runPanel(panel[float32]{
				c: dw[j:], cRow: k,
				a: dy[s*n:], aRow: 1, aStep: n,
				b: x[s*k+j:], bStep: k,
				steps: min(outerRows, m-s), rows: n, cols: min(PanelWidthBF16, k-j), add: true,
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
