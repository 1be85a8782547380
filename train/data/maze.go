package data

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// MazeOptions says which mazes GenerateMazes makes.
type MazeOptions struct {
	Seed     uint64
	Count    int
	Side     int            // 0: 30
	MinSteps int            // of the shortest path; 0: 109, as in maze-30x30-hard
	Filter   *MazeFilter    // what to leave out; nil: only repetitions
	Threads  int            // 0: all; the result does not depend on it
	Progress func(done int) // called now and then
}

// maxMazeSide is the bits of a row.
const maxMazeSide = 63

// mazeBatch is the number of mazes that are tried as one job.
const mazeBatch = 5_000

// GenerateMazes makes mazes as those of maze-30x30-hard: each cell is a wall
// with a probability p, which is uniform in 0.3 to 0.5 for each maze; start
// and goal are uniform over the open cells; mazes with a shortest path below
// MinSteps are dropped. The answer is puzzle.Maze.Solve's.
func GenerateMazes(ctx context.Context, o MazeOptions) ([]puzzle.Puzzle, error) {
	if o.Side == 0 {
		o.Side = 30
	}
	if o.MinSteps == 0 {
		o.MinSteps = 109
	}
	if o.Side < 2 || o.Side > maxMazeSide || o.MinSteps >= o.Side*o.Side/2 {
		return nil, fmt.Errorf("%w: mazes of side %d with paths of %d steps", ErrData, o.Side, o.MinSteps)
	}
	if o.Filter == nil {
		o.Filter = NewMazeFilter(puzzle.Maze{Side: o.Side})
	}
	var out []puzzle.Puzzle
	err := ordered(ctx, o.Threads, func(job uint64) [][]int32 {
		m := newMazeMaker(o.Side, rand.New(rand.NewPCG(o.Seed, mix(job))))
		return m.batch(ctx, o.MinSteps)
	}, func(found [][]int32) bool {
		for _, q := range found {
			if len(out) < o.Count && o.Filter.Keep(q) {
				out = append(out, solved(puzzle.Maze{Side: o.Side}, q))
			}
		}
		if o.Progress != nil {
			o.Progress(len(out))
		}
		return len(out) < o.Count
	})
	if err != nil {
		return nil, fmt.Errorf("generating mazes: %d of %d done: %w", len(out), o.Count, err)
	}
	return out, nil
}

// solved returns the puzzle of a maze that has a solution.
func solved(m puzzle.Maze, q []int32) puzzle.Puzzle {
	answer, steps, err := m.Solve(q)
	if err != nil {
		panic(fmt.Sprintf("data: made a maze without a solution: %v", err))
	}
	return puzzle.Puzzle{Question: q, Answer: answer, Source: "generated", Rating: steps}
}

// mazeMaker makes mazes, a row of cells a word: bit c of row r is column c.
// Rows -1 and side are there, and closed, which spares checks.
type mazeMaker struct {
	side int
	rng  *rand.Rand
	open []uint64 // [side+2] cells that are no walls
	left []uint64 // [side+2] of them, not reached yet
	cur  []uint64 // [side+2] reached in the last step
	next []uint64 // [side+2] reached in this one
}

func newMazeMaker(side int, rng *rand.Rand) *mazeMaker {
	rows := func() []uint64 { return make([]uint64, side+2) }
	return &mazeMaker{side: side, rng: rng, open: rows(), left: rows(), cur: rows(), next: rows()}
}

// batch returns the mazes with long enough paths among mazeBatch of them.
func (m *mazeMaker) batch(ctx context.Context, minSteps int) (out [][]int32) {
	for i := range mazeBatch {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil
		}
		n := m.fill()
		if n < 2 {
			continue
		}
		s := m.rng.IntN(n)
		g := m.rng.IntN(n - 1)
		if g >= s {
			g++
		}
		if start, goal := m.cell(s), m.cell(g); m.steps(start, goal) >= minSteps {
			out = append(out, m.grid(start, goal))
		}
	}
	return out
}

// wallBits is the precision of the probability of a wall: multiples of 2^-12.
const wallBits = 12

// fill draws the walls and returns the number of open cells.
func (m *mazeMaker) fill() (n int) {
	const low, high = 3 << wallBits / 10, 5 << wallBits / 10
	p := low + m.rng.IntN(high-low+1)
	for r := 1; r <= m.side; r++ {
		m.open[r] = ^m.bernoulli(p) & (1<<m.side - 1)
		n += bits.OnesCount64(m.open[r])
	}
	return n
}

// bernoulli returns 64 bits, each set with probability p * 2^-wallBits: bit by
// bit of p, from the lowest, a bit stays with one half or becomes p's.
func (m *mazeMaker) bernoulli(p int) (b uint64) {
	for k := range wallBits {
		if p>>k&1 != 0 {
			b |= m.rng.Uint64()
		} else {
			b &= m.rng.Uint64()
		}
	}
	return b
}

// cell returns the n-th open cell as a row, from 1, and a bit.
func (m *mazeMaker) cell(n int) (c mazeCell) {
	for c.row = 1; ; c.row++ {
		k := bits.OnesCount64(m.open[c.row])
		if n >= k {
			n -= k
			continue
		}
		rest := m.open[c.row]
		for range n {
			rest &= rest - 1
		}
		c.bit = rest & -rest
		return c
	}
}

type mazeCell struct {
	row int
	bit uint64
}

// steps returns the length of the shortest path, -1 when there is none.
func (m *mazeMaker) steps(start, goal mazeCell) int {
	copy(m.left, m.open)
	clear(m.cur)
	m.cur[start.row] = start.bit
	m.left[start.row] &^= start.bit
	for n := 1; m.step(); n++ {
		if m.left[goal.row]&goal.bit == 0 {
			return n
		}
	}
	return -1
}

// step reaches the neighbours of the cells reached last. It reports whether
// there are any.
func (m *mazeMaker) step() bool {
	reached := uint64(0)
	for r := 1; r <= m.side; r++ {
		c := m.cur[r]
		c = (c<<1 | c>>1 | m.cur[r-1] | m.cur[r+1]) & m.left[r]
		m.next[r] = c
		m.left[r] &^= c
		reached |= c
	}
	m.cur, m.next = m.next, m.cur
	return reached != 0
}

// grid returns the tokens.
func (m *mazeMaker) grid(start, goal mazeCell) []int32 {
	q := make([]int32, 0, m.side*m.side)
	for r := 1; r <= m.side; r++ {
		for bit := uint64(1); bit < 1<<m.side; bit <<= 1 {
			switch (mazeCell{r, bit}) {
			case start:
				q = append(q, puzzle.MazeStart)
				continue
			case goal:
				q = append(q, puzzle.MazeGoal)
				continue
			}
			if m.open[r]&bit != 0 {
				q = append(q, puzzle.MazeOpen)
			} else {
				q = append(q, puzzle.MazeWall)
			}
		}
	}
	return q
}

// MazeFilter leaves out mazes that are others turned or reflected.
type MazeFilter struct {
	side int
	seen map[string]bool
}

// NewMazeFilter returns a filter that knows nothing.
func NewMazeFilter(m puzzle.Maze) *MazeFilter {
	return &MazeFilter{side: m.Side, seen: map[string]bool{}}
}

// Ban leaves out the mazes of a set.
func (f *MazeFilter) Ban(s *Set) {
	for i := range s.Len() {
		f.seen[canonicalMaze(f.side, s.Input(i))] = true
	}
}

// Keep reports whether a maze may stay, and remembers it: the next one that is
// equivalent may not.
func (f *MazeFilter) Keep(question []int32) bool {
	key := canonicalMaze(f.side, question)
	if f.seen[key] {
		return false
	}
	f.seen[key] = true
	return true
}

// canonicalMaze returns the smallest of the eight forms of a maze.
func canonicalMaze[T uint8 | int32](side int, q []T) string {
	var best []byte
	form := make([]byte, len(q))
	for d := range 8 {
		for r := range side {
			for c := range side {
				a, b := r, c
				if d&1 != 0 {
					a = side - 1 - a
				}
				if d&2 != 0 {
					b = side - 1 - b
				}
				if d&4 != 0 {
					a, b = b, a
				}
				form[r*side+c] = byte(q[a*side+b])
			}
		}
		if best == nil || slices.Compare(form, best) < 0 {
			best = append(best[:0], form...)
		}
	}
	return string(best)
}
