//go:build !purego

package kernels

import (
	"sync"

	"golang.org/x/sys/cpu"
)

// amx is avx512 with the tile products of AMX: bfloat16 and bytes.
const amx implementation = "amx"

// hasAMX tells whether the processor multiplies tiles and the operating system
// saves and permits them; it asks for the permission once, for the process.
var hasAMX = sync.OnceValue(func() bool {
	x := &cpu.X86
	if !x.HasAMXTile || !x.HasAMXBF16 || !x.HasAMXInt8 || !x.HasAVX512BF16 || !x.HasAVX512VNNI || !x.HasOSXSAVE {
		return false
	}
	const tileState = 3 << 17 // shapes and data
	return xcr0()&tileState == tileState && permitAMX() == nil
})

// xcr0 returns the mask of what the operating system saves of a thread.
func xcr0() uint64

// tileConfig is what LDTILECFG loads: the shapes of the eight tiles. A tile that
// is used must have both a row and a column.
type tileConfig struct {
	palette  uint8
	_        [15]uint8  // the row to start with, and reserved
	colBytes [16]uint16 // of a row of tile i, at most 64
	rows     [16]uint8  // of tile i, at most 16
}

// set gives a tile its rows, at most 16, each of at most 16 double words.
func (c *tileConfig) set(tile, rows, words int) {
	c.palette = 1
	c.rows[tile], c.colBytes[tile] = uint8(rows), uint16(4*words)
}

// setProduct gives the tiles of a product of at most 32 rows and 32 columns their
// shapes. The reduction is over words, at most 16, each of two bfloat16 or four
// bytes:
//
//	0 1   =  4  .  6 7
//	2 3      5
//
// Where there are no more than 16 rows, 2, 3 and 5 have one, whose result is
// not stored; likewise 1, 3 and 7 for columns.
func (c *tileConfig) setProduct(rows, cols, words int) {
	top, left := min(rows, 16), min(cols, 16)
	bottom, right := max(1, rows-16), max(1, cols-16)
	c.set(0, top, left)
	c.set(1, top, right)
	c.set(2, bottom, left)
	c.set(3, bottom, right)
	c.set(4, top, words)
	c.set(5, bottom, words)
	c.set(6, words, left)
	c.set(7, words, right)
}
