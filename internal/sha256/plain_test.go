package sha256

import (
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// The plain one against crypto/sha256: every length about a block, in pieces, going on
// after a checksum.
func TestPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	for n := range 300 {
		d := newDigest()
		for rest := data[:n]; len(rest) > 0; {
			k := 1 + rng.IntN(len(rest))
			if wrote, err := d.Write(rest[:k]); wrote != k || err != nil {
				t.Fatal(wrote, err)
			}
			rest = rest[k:]
			d.Sum(nil)
		}
		if got, want := [32]byte(d.Sum(nil)), sha256.Sum256(data[:n]); got != want {
			t.Fatalf("of %d bytes: %x, want %x", n, got, want)
		}
	}
	d := newDigest()
	_, _ = d.Write(data)
	d.Reset()
	if got := [32]byte(d.Sum(nil)); got != sha256.Sum256(nil) {
		t.Errorf("after Reset: %x", got)
	}
}
