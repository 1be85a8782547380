//go:build !purego

package kernels

import (
	"testing"
	"unsafe"
)

func TestTileConfig(t *testing.T) {
	if size := unsafe.Sizeof(tileConfig{}); size != 64 {
		t.Fatalf("a tileConfig has %d bytes, LDTILECFG reads 64", size)
	}
	for _, s := range []struct{ rows, cols, words int }{{32, 32, 16}, {17, 1, 1}, {1, 32, 3}, {16, 16, 16}} {
		var c tileConfig
		c.setProduct(s.rows, s.cols, s.words)
		for tile := range 8 {
			if c.rows[tile] < 1 || c.rows[tile] > 16 || c.colBytes[tile] < 4 || c.colBytes[tile] > 64 {
				t.Errorf("%v: tile %d has %d rows of %d bytes", s, tile, c.rows[tile], c.colBytes[tile])
			}
		}
	}
}

func TestAMXIsPermitted(t *testing.T) {
	if !hasAMX() {
		t.Skip("this processor or operating system has no AMX")
	}
	if err := permitAMX(); err != nil {
		t.Errorf("asked again: %v", err)
	}
	best := string(active)
	defer Use(best)
	if err := Use(string(amx)); err != nil || !HasBF16() {
		t.Errorf("Use(amx): %v, bfloat16 %v", err, HasBF16())
	}
}
