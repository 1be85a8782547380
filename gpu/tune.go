package gpu

import "time"

// tileChoices are what Tune compares, beside the tile that it would be.
var tileChoices = []Tile{largeTile, {128, 128, 8, 8, 16, true, false}, {128, 64, 8, 8, 16, true, false}, {64, 64, 8, 8, 8, true, false}}

// leastTuned is the number of multiply-adds of a product from which on Tune
// looks at it.
const leastTuned = 2e7

// Tune records record once, and measures on this device what can be done in
// several ways: the tile of each matrix product, and the passes of attention.
// From then on the fastest is taken. What lies in the buffers that record
// writes is lost. The numbers that a product computes do not depend on its
// tile.
func (d *Device) Tune(record func() error) error {
	if d.tuned == nil {
		d.tuned = map[any]int{}
	}
	d.tuning = true
	err := record()
	d.tuning = false
	if err == nil {
		err = d.err
	}
	d.Drop()
	return err
}

// choose returns which of n ways is fastest for what key names, or the usual
// one where that was not measured. run records one of them; it writes wait.
func (d *Device) choose(key any, n, usual int, wait *Buffer, run func(way int)) int {
	if way, ok := d.tuned[key]; ok {
		return way
	}
	if !d.tuning || d.err != nil {
		return usual
	}
	d.Drop()
	best := time.Hour
	for way := range n {
		took, err := d.timeOf(wait, func() { run(way) })
		if err != nil {
			d.err = err
			return usual
		}
		if took < best {
			best, d.tuned[key] = took, way
		}
	}
	return d.tuned[key]
}

// timeOf is the best time of a few dispatches of the same at once.
func (d *Device) timeOf(wait *Buffer, run func()) (time.Duration, error) {
	const repeats = 10
	best := time.Hour
	for n := range 4 {
		start := time.Now()
		for range repeats {
			run()
		}
		if err := Read(d, make([]uint32, 1), wait, 0); err != nil {
			return 0, err
		}
		if n > 0 { // the first compiles
			best = min(best, time.Since(start))
		}
	}
	return best, nil
}

// tunedTile is the tile that is fastest for products like m.
func (d *Device) tunedTile(m MatMul, o matMulOptions) Tile {
	usual := m.tile()
	if m.M < 64 || m.N < 64 || float64(m.M)*float64(m.N)*float64(m.K)*float64(max(m.Reps, 1)) < leastTuned {
		return usual
	}
	var tiles []Tile
	for _, t := range tileChoices {
		if (!o.Gated || t.Cols == 8) && t.sharedBytes() <= d.info.Limits.WorkgroupStorage && t != usual {
			tiles = append(tiles, t)
		}
	}
	tiles = append(tiles, usual)
	o.Tile = Tile{}
	key := productKey{o, m.M, m.N, m.K, m.Reps, m.Batch, m.splitK, m.splitReps}
	return tiles[d.choose(key, len(tiles), len(tiles)-1, m.result().Buffer, func(way int) {
		m.Tile = tiles[way]
		d.matMul(m, m.options())
	})]
}

// productKey is all of a product that its speed depends on.
type productKey struct {
	options                                 matMulOptions
	m, n, k, reps, batch, splitK, splitReps int
}

// attentionKey is all of an attention pass that its speed depends on.
type attentionKey struct {
	file            string
	p, heads, dim   int
	rope, relations bool
	lanes           int
}

// result is a buffer that the product writes.
func (m *MatMul) result() View {
	if m.C.Buffer != nil {
		return m.C
	}
	return m.Act
}
