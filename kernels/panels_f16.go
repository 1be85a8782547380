package kernels

import "math"

// F16 is an IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
type F16 uint16

// Float32 returns the same number; a NaN becomes a quiet one.
func (h F16) Float32() float32 {
	sign, exp, frac := uint32(h)>>15<<31, uint32(h)>>10&31, uint32(h)&1023
	switch exp {
	case 0: // zero or subnormal: fraction * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	case 31:
		if frac != 0 {
			frac |= 1 << 9
		}
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// PanelsF16 is a matrix w [N, K] of F16 numbers in the layout of Panels.
type PanelsF16 struct {
	N, K int
	Data []F16 // [ceil(N/16), K, 16]
}

// NewPanelsF16 returns a zero matrix [n, k].
func NewPanelsF16(n, k int) *PanelsF16 {
	return &PanelsF16{N: n, K: k, Data: make([]F16, PanelsLen(n, k))}
}

// SetRow sets w[j, :] = row, the bits of its numbers. Different rows may be set
// concurrently.
func (p *PanelsF16) SetRow(j int, row []uint16) {
	at := j/PanelWidth*PanelWidth*p.K + j%PanelWidth
	for i, bits := range row[:p.K] {
		p.Data[at+i*PanelWidth] = F16(bits)
	}
}

// Rows returns rows lo..lo+n-1 of w, in the same memory. lo must be a multiple
// of PanelWidth.
func (p *PanelsF16) Rows(lo, n int) PanelsF16 {
	checkRows(lo, n, p.N)
	return PanelsF16{N: n, K: p.K, Data: p.Data[lo*p.K : lo*p.K+PanelsLen(n, p.K)]}
}
