package weights

import "encoding/binary"

// block is how many bytes NotFinite looks at before it asks what it found.
const block = 1 << 12

// lanes says where the exponents of the numbers in eight bytes are. Their sum
// with one reaches the sign's bit only where all bits of an exponent are set,
// as in NaN and infinity.
type lanes struct {
	size                int
	exponent, one, sign uint64
}

var floatLanes = map[DType]lanes{
	F32:  {4, 0x7f8000007f800000, 0x0080000000800000, 0x8000000080000000},
	F16:  {2, 0x7c007c007c007c00, 0x0400040004000400, 0x8000800080008000},
	BF16: {2, 0x7f807f807f807f80, 0x0080008000800080, 0x8000800080008000},
}

// NotFinite returns how many of a tensor's numbers are NaN or infinite, and the
// index of the first. Integers are finite; the scale of an I8 tensor is a
// tensor of its own.
func (t *Tensor) NotFinite() (n, first int) {
	l, ok := floatLanes[t.DType]
	if !ok {
		return 0, 0
	}
	for at := 0; at < len(t.Bytes); at += block {
		b := t.Bytes[at:min(at+block, len(t.Bytes))]
		if !l.any(b) {
			continue
		}
		for i := 0; i+l.size <= len(b); i += l.size {
			if l.any(b[i : i+l.size]) {
				if n++; n == 1 {
					first = (at + i) / l.size
				}
			}
		}
	}
	return n, first
}

// any reports whether one of the numbers is not finite.
func (l lanes) any(b []byte) bool {
	var found, more uint64
	for ; len(b) >= 32; b = b[32:] {
		found |= binary.LittleEndian.Uint64(b)&l.exponent + l.one
		more |= binary.LittleEndian.Uint64(b[8:])&l.exponent + l.one
		found |= binary.LittleEndian.Uint64(b[16:])&l.exponent + l.one
		more |= binary.LittleEndian.Uint64(b[24:])&l.exponent + l.one
	}
	for ; len(b) >= 8; b = b[8:] {
		found |= binary.LittleEndian.Uint64(b)&l.exponent + l.one
	}
	var rest [8]byte
	copy(rest[:], b)
	found |= binary.LittleEndian.Uint64(rest[:])&l.exponent + l.one
	return (found|more)&l.sign != 0
}
