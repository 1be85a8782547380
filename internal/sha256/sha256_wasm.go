package sha256

import "hash"

// Size is the bytes of a checksum.
const Size = 32

// Sum256 returns the checksum of data.
func Sum256(data []byte) (sum [Size]byte) {
	d := newDigest()
	_, _ = d.Write(data)
	d.Sum(sum[:0])
	return sum
}

// New returns a hash that computes the checksum.
func New() hash.Hash { return newDigest() }
