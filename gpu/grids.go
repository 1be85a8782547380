package gpu

import (
	"fmt"
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// Grids are the shapes of a batch's lanes on the device. In a buffer all lanes have the
// same number of rows, however many positions their puzzles have; what lies behind those
// is zero or counts for nothing. The buffer holds four numbers for each lane,
//
//	positions, rows, columns, where the table of its shape begins
//
// or in place of that, with candidates, the rows of a box; the same again for lanes in
// another order (see Gather), and a table for each shape: cos and sin of every angle
// [positions, headDim/2, 2] where positions turn, then the relation classes, by query and
// by key, where there are relations.
type Grids struct {
	P      int // positions of the largest puzzle
	buffer *Buffer
	config *runtime.Config
	lanes  []runtime.Shape // zero: none yet
	tables []runtime.Shape // that have a table, by its place; as many as lanes
	size   int             // of a table
	words  []uint32
}

// gridWords is how many numbers a lane has.
const gridWords = 4

// NewGrids makes room for puzzles of at most so many tokens. No lane has a shape
// before Set.
func NewGrids(a *Arena, c *runtime.Config, lanes, tokens int) *Grids {
	g := &Grids{P: mostPositions(c, tokens), config: c, lanes: make([]runtime.Shape, lanes), tables: make([]runtime.Shape, lanes)}
	if c.Turns() {
		g.size += g.P * c.HeadDim()
	}
	if c.Relations != "" {
		g.size += 2 * g.P * ceil(g.P, 8)
	}
	g.buffer = a.Buffer("grids", lanes*(2*gridWords+g.size))
	return g
}

// Set gives a lane the shape of its puzzle.
func (g *Grids) Set(lane int, s runtime.Shape) error {
	if n := g.config.PositionsOf(s); n > g.P {
		return fmt.Errorf("%w: %d positions, there is room for %d", runtime.ErrInput, n, g.P)
	}
	if g.lanes[lane] == s {
		return nil
	}
	g.lanes[lane] = s
	at, known := g.place(s)
	g.tables[at] = s
	if !known && g.size > 0 {
		if err := Write(g.buffer, g.tableAt(at), g.table(s)); err != nil {
			g.lanes[lane], g.tables[at] = runtime.Shape{}, runtime.Shape{}
			return err
		}
	}
	return Write(g.buffer, lane*gridWords, g.words4(lane))
}

// place finds the table of a shape, or a place for it: there are as many as lanes.
func (g *Grids) place(s runtime.Shape) (at int, known bool) {
	used := map[runtime.Shape]bool{}
	for _, l := range g.lanes {
		used[l] = true
	}
	free := 0
	for i, t := range g.tables {
		if t == s {
			return i, true
		}
		if !used[t] || t == (runtime.Shape{}) {
			free = i
		}
	}
	return free, false
}

func (g *Grids) tableAt(place int) int { return 2*len(g.lanes)*gridWords + place*g.size }

// words4 are the numbers of a lane.
func (g *Grids) words4(lane int) []uint32 {
	s := g.lanes[lane]
	at, _ := g.place(s)
	last := g.tableAt(at)
	if g.config.Mixing == runtime.CandidateMixing {
		last, _ = s.BoxSize()
	}
	return []uint32{uint32(g.Positions(lane)), uint32(s.Rows), uint32(s.Cols), uint32(last)}
}

// Positions returns how many positions the puzzle of a lane has.
func (g *Grids) Positions(lane int) int { return g.config.PositionsOf(g.lanes[lane]) }

// Gather says which lanes Gathered means.
func (g *Grids) Gather(lanes []int) error {
	g.words = g.words[:0]
	for _, lane := range lanes {
		g.words = append(g.words, g.words4(lane)...)
	}
	return Write(g.buffer, len(g.lanes)*gridWords, g.words)
}

// First are the first n lanes. Gathered are the first n of the last Gather, in rows for
// so many tokens.
func (g *Grids) First(n int) Lanes { return Lanes{N: n, P: g.P, grids: g.buffer} }

func (g *Grids) Gathered(n, tokens int) Lanes {
	return Lanes{N: n, P: mostPositions(g.config, tokens), grids: g.buffer, at: len(g.lanes) * gridWords}
}

// Lanes are N lanes, one after the other, of P rows each in every buffer, and where
// their shapes are.
type Lanes struct {
	N, P  int
	grids *Buffer
	at    int
}

// Rows returns the rows of all lanes.
func (l Lanes) Rows() int { return l.N * l.P }

// table is cos and sin of every angle, then the classes by query and by key.
func (g *Grids) table(s runtime.Shape) []uint32 {
	c, table := g.config, make([]uint32, 0, g.size)
	cos, sin := c.RopeTable(s)
	for i := range cos {
		table = append(table, math.Float32bits(cos[i]), math.Float32bits(sin[i]))
	}
	if c.Relations == "" {
		return table
	}
	p := c.Prefix() + s.Len()
	classes := c.RelationTable(s)
	table = append(table, packClasses(p, func(i, j int) uint8 { return classes[i*p+j] })...)
	return append(table, packClasses(p, func(j, i int) uint8 { return classes[i*p+j] })...)
}

// packClasses is class(i, j) [P, P], eight of a row in a word, the first lowest.
func packClasses(p int, class func(i, j int) uint8) []uint32 {
	words := ceil(p, 8)
	packed := make([]uint32, p*words)
	for i := range p {
		for j := range p {
			packed[i*words+j/8] |= uint32(class(i, j)) << (4 * (j % 8))
		}
	}
	return packed
}
