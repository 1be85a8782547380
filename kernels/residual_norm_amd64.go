//go:build !purego

package kernels

import "unsafe"

//go:noescape
func residualNormAVX512(y *float32, rounded *BF16, inv, x, a *float32, rows, n int, eps float32)

//go:noescape
func residualNormBackAVX512(ds, dy, y, inv *float32, rows, n int)

//go:noescape
func residualNormBackBF16AVX512(ds *float32, rounded *BF16, dy *float32, y *BF16, inv *float32, rows, n int)

func residualNorm(y []float32, rounded []BF16, inv, x, a []float32, n int, eps float32) {
	if !useAVX512() || len(y) == 0 {
		residualNormGeneric(y, inv, x, a, n, eps)
		roundAfter(rounded, y)
		return
	}
	fused := rounded
	if !useBF16() {
		fused = nil
	}
	residualNormAVX512(&y[0], unsafe.SliceData(fused), &inv[0], &x[0], &a[0], len(inv), n, eps)
	if fused == nil {
		roundAfter(rounded, y)
	}
}

func residualNormBack(ds, dy, y, inv []float32, n int) {
	if !useAVX512() || len(ds) == 0 {
		residualNormBackGeneric(ds, dy, y, inv, n)
		return
	}
	residualNormBackAVX512(&ds[0], &dy[0], &y[0], &inv[0], len(inv), n)
}

func residualNormBackBF16(ds []float32, rounded []BF16, dy []float32, y []BF16, inv []float32, n int) {
	if !useBF16() || len(ds) == 0 {
		residualNormBackBF16Generic(ds, rounded, dy, y, inv, n)
		return
	}
	residualNormBackBF16AVX512(&ds[0], &rounded[0], &dy[0], &y[0], &inv[0], len(inv), n)
}
