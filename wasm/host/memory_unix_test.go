//go:build unix

package host

import "testing"

// A guest's memory grows where it is, to its limit and no further.
func TestMemoryGrowsInPlace(t *testing.T) {
	const page = 1 << 16
	l := reserve(page, 8*page)
	b := l.Reallocate(page)
	b[0], b[page-1] = 1, 2
	for n := uint64(2); n <= 8; n++ {
		grown := l.Reallocate(n * page)
		if len(grown) != int(n*page) || &grown[0] != &b[0] || grown[0] != 1 || grown[page-1] != 2 || grown[n*page-1] != 0 {
			t.Fatalf("%d pages: %d bytes, or moved, or not zero", n, len(grown))
		}
	}
	if l.Reallocate(9*page) != nil {
		t.Error("grew beyond its limit")
	}
	l.Free()
	l.Free()
}
