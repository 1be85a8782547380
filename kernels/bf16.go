package kernels

import "math"

// BF16 is the upper half of a float32: 8 bits of exponent, 7 of fraction.
type BF16 uint16

// Float32 returns the same number.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// ToBF16 rounds to the nearest, ties to even. Subnormal numbers become zero of
// the same sign and NaN becomes a quiet NaN, as the processors' instructions do.
func ToBF16(f float32) BF16 {
	b := math.Float32bits(f)
	switch exp := b >> 23 & 0xff; {
	case exp == 0:
		return BF16(b >> 16 & 0x8000)
	case exp == 0xff && b<<9 != 0:
		return BF16(b>>16 | 0x40)
	}
	return BF16((b + 0x7fff + b>>16&1) >> 16)
}

// HasBF16 tells whether the kernels in use multiply BF16 numbers by an
// instruction of the processor. Without it the BF16 kernels give the same, but
// slower than those of float32.
func HasBF16() bool { return useBF16() }

// RoundBF16 sets dst[i] = ToBF16(src[i]) for every i of src.
func RoundBF16(dst []BF16, src []float32) {
	dst = dst[:len(src)]
	n := roundBF16Fast(dst, src)
	for i, f := range src[n:] {
		dst[n+i] = ToBF16(f)
	}
}

// ExpandBF16 sets dst[i] = src[i] for every i of src.
func ExpandBF16(dst []float32, src []BF16) {
	dst = dst[:len(src)]
	n := expandBF16Fast(dst, src)
	for i, b := range src[n:] {
		dst[n+i] = b.Float32()
	}
}
