//go:build !wasm

// Package sha256 is SHA-256 without what crypto/sha256 brings along in WebAssembly: the
// self-tests of a FIPS module, with AES, SHA-3 and random numbers, a fortieth of what a
// page has to fetch. Elsewhere it is crypto/sha256.
package sha256

import (
	"crypto/sha256"
	"hash"
)

// Size is the bytes of a checksum.
const Size = sha256.Size

// Sum256 returns the checksum of data.
func Sum256(data []byte) [Size]byte { return sha256.Sum256(data) }

// New returns a hash that computes the checksum.
func New() hash.Hash { return sha256.New() }
