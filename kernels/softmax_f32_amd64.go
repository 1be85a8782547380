//go:build !purego

package kernels

import "unsafe"

// softmaxF32Args is what softmaxF32AVX512 reads, strides in bytes.
type softmaxF32Args struct {
	s       *float32 // 0
	sRow    int      // 8
	bias    *float32 // 16: or nil
	biasRow int      // 24
	rows    int      // 32
	n       int      // 40: numbers of a row
	scale   float32  // 48
}

//go:noescape
func softmaxF32AVX512(a *softmaxF32Args)

func softmaxF32Fast(s []float32, lds, rows, n int, by float32, bias []float32) bool {
	if !useAVX512() {
		return false
	}
	softmaxF32AVX512(&softmaxF32Args{
		s: &s[0], sRow: 4 * lds, bias: unsafe.SliceData(bias), biasRow: 4 * n, rows: rows, n: n, scale: by,
	})
	return true
}
