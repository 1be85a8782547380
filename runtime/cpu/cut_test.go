package cpu

import (
	"fmt"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// Groups cover every lane once, and their bands and chunks every row; chunks
// keep the bound on their size, and the work is shared out evenly.
func TestCut(t *testing.T) {
	c := configs()["chunks"]
	for _, s := range []int{1, 17, 82, 200, 901} {
		c.SeqLen = s - c.Prefix()
		if c.SeqLen < 1 {
			c.SeqLen = 1
		}
		m := newModel(t, c)
		for _, threads := range []int{1, 2, 3, 16} {
			b := newBackend(t, m, Options{Threads: threads})
			for _, lanes := range []int{1, 2, 3, 5, 8, 32} {
				t0 := &batch{b: b, lanes: make([]lane, lanes), room: func(int, int) {}}
				for i := range t0.lanes {
					t0.lanes[i].grid = b.geometry(c.Grid())
				}
				all := make([]int, lanes)
				for i := range all {
					all[i] = i
				}
				t0.cut(all)
				checkCut(t, t0, lanes, threads)
			}
		}
	}
}

func checkCut(t *testing.T, b *batch, lanes, threads int) {
	t.Helper()
	p := b.b.model.Config.P()
	name := fmt.Sprintf("%d threads, %d lanes of %d rows", threads, lanes, p)
	next, largest := 0, 0
	for i := range b.groups {
		g := &b.groups[i]
		g.plan = &g.plans[runtime.L]
		if g.places[0] != next || g.lanes[0] != next {
			t.Fatalf("%s: group %d starts at lane %d, want %d", name, i, g.places[0], next)
		}
		next += len(g.lanes)
		largest = max(largest, len(g.lanes))
		checkGroup(t, name, g, len(g.lanes)*p, b.b.bandRows())
		rounds := (len(g.chunks) + threads - 1) / threads
		if rows := len(g.lanes) * p; !b.apart && p > 80 && float64(rounds*threads*(g.chunks[0].hi-g.chunks[0].lo)) > 1.35*float64(rows) {
			t.Errorf("%s: %d rounds of %v for %d rows", name, rounds, g.chunks[0], rows)
		}
	}
	if next != lanes {
		t.Errorf("%s: %d lanes in groups", name, next)
	}
	if rounds := (len(b.groups) + threads - 1) / threads; b.apart && 8*lanes < 7*largest*rounds*threads {
		t.Errorf("%s: %d groups of up to %d lanes", name, len(b.groups), largest)
	}
}

func checkGroup(t *testing.T, name string, g *group, rows, most int) {
	t.Helper()
	row, chunk := 0, 0
	for _, band := range g.bands {
		if band.lo != row || band.chunks.lo != chunk || band.hi-band.lo > most {
			t.Fatalf("%s: band %+v after row %d, chunk %d", name, band, row, chunk)
		}
		for ; chunk < band.chunks.hi; chunk++ {
			k := g.chunks[chunk]
			if k.lo != row || k.hi <= k.lo || k.hi-k.lo > chunkRows {
				t.Fatalf("%s: chunk %+v after row %d", name, k, row)
			}
			row = k.hi
		}
		if row != band.hi {
			t.Fatalf("%s: band %+v, its chunks end at %d", name, band, row)
		}
	}
	if row != rows || chunk != len(g.chunks) {
		t.Errorf("%s: %d rows in %d chunks of %d, want %d", name, row, chunk, len(g.chunks), rows)
	}
}
