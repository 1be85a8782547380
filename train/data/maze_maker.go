package data

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// PublishedSteps returns the fewest steps from S to G in mazes of a size: 109 in
// maze-30x30-hard; how far the far cells of random mazes are grows with the cells
// to the power of about 3/4.
func PublishedSteps(m puzzle.Maze) int { return farSteps(m, 109) }

// farSteps scales a number of steps from 30 x 30 cells to a size.
func farSteps(m puzzle.Maze, steps int) int {
	return max(1, int(float64(steps)*math.Pow(float64(m.SeqLen())/900, 0.75)))
}

// mazeMaker draws the mazes of one size, without allocating.
type mazeMaker struct {
	maze puzzle.Maze
	pcg  *rand.PCG
	rng  *rand.Rand
	wave *puzzle.MazeWave
	grid []int32 // [Rows*Cols] tokens
	open []int32 // cells that are no walls
}

func newMazeMaker(m puzzle.Maze, seed, stream uint64) *mazeMaker {
	pcg := rand.NewPCG(seed, mix(stream))
	return &mazeMaker{
		maze: m, pcg: pcg, rng: rand.New(pcg), wave: puzzle.NewMazeWave(m),
		grid: make([]int32, m.SeqLen()), open: make([]int32, 0, m.SeqLen()),
	}
}

// batch returns the mazes with long enough paths among mazeBatch of them, start
// and goal uniform over the open cells.
func (m *mazeMaker) batch(ctx context.Context, minSteps int) (out [][]int32) {
	for i := range mazeBatch {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil
		}
		m.walls(lowWalls, highWalls)
		if len(m.open) < 2 {
			continue
		}
		start := m.rng.IntN(len(m.open))
		goal := m.rng.IntN(len(m.open) - 1)
		if goal >= start {
			goal++
		}
		s, g := int(m.open[start]), int(m.open[goal])
		if m.wave.From(m.grid, s); int(m.wave.Dist[g]) >= minSteps {
			m.grid[s], m.grid[g] = puzzle.MazeStart, puzzle.MazeGoal
			out = append(out, slices.Clone(m.grid))
		}
	}
	return out
}

// farBatch returns some mazes of far, those with long enough paths.
func (m *mazeMaker) farBatch(ctx context.Context, minSteps int) (out [][]int32) {
	for range 16 {
		if ctx.Err() != nil {
			return nil
		}
		m.far(minSteps)
		if start := m.wave.Dist[slices.Index(m.grid, puzzle.MazeStart)]; int(start) >= minSteps {
			out = append(out, slices.Clone(m.grid))
		}
	}
	return out
}

// far makes a maze whose S and G are minSteps or more apart, a shorter way where
// there seems to be none. The wave is from G.
//
// So long a way is rare in random walls: one in 3,000 cells of 30 x 30 has another
// 109 steps away. Where the farthest two cells are too near, walls are put on the
// ways between them until they are not; 36.4 % of the cells are walls then,
// 37.3 % in the published set.
func (m *mazeMaker) far(minSteps int) {
	for try := 1; ; try++ {
		m.walls(lowWalls, highWalls)
		if len(m.open) > 1 && m.stretch(minSteps) && m.ends(minSteps) {
			return
		}
		if try%16 == 0 {
			minSteps = max(1, minSteps*9/10)
		}
	}
}

// stretch puts walls into the grid until its farthest two cells are minSteps
// apart, as far as a walk to the farthest and from there to the farthest finds
// them, and reports whether they are. The wave is from one of them.
func (m *mazeMaker) stretch(minSteps int) bool {
	m.wave.From(m.grid, int(m.open[m.rng.IntN(len(m.open))]))
	from := m.last()
	m.wave.From(m.grid, from)
	for tries := 2 * (m.maze.Rows + m.maze.Cols); ; tries-- {
		to := m.last()
		have := int(m.wave.Dist[to])
		if have >= minSteps {
			return true
		}
		if tries == 0 || have < 2 || 2*len(m.wave.Cells) < len(m.open) {
			return false
		}
		cell := m.onWay(to, 1+m.rng.IntN(have-1))
		m.grid[cell] = puzzle.MazeWall
		m.wave.From(m.grid, from)
		if int(m.wave.Dist[m.last()]) < have {
			m.grid[cell] = puzzle.MazeOpen
			m.wave.From(m.grid, from)
		}
	}
}

// last returns a cell that the wave reached last.
func (m *mazeMaker) last() int { return int(m.wave.Cells[len(m.wave.Cells)-1]) }

// onWay returns the cell some steps from another on its way to the wave's start.
func (m *mazeMaker) onWay(cell, steps int) int {
	for range steps {
		cell = m.wave.Toward(cell)
	}
	return cell
}

// ends puts S and G into the grid, minSteps or more apart: one of them where the
// wave began, the other uniform over the cells that are far enough from it. It
// reports whether there are any. The wave is from G then.
func (m *mazeMaker) ends(minSteps int) bool {
	cells := m.wave.Cells
	first, _ := slices.BinarySearchFunc(cells, int32(minSteps), func(cell, steps int32) int {
		return int(m.wave.Dist[cell] - steps)
	})
	if first == len(cells) {
		return false
	}
	goal, start := int(cells[0]), int(cells[first+m.rng.IntN(len(cells)-first)])
	if m.rng.IntN(2) == 0 {
		goal, start = start, goal
		m.wave.From(m.grid, goal)
	}
	m.grid[goal], m.grid[start] = puzzle.MazeGoal, puzzle.MazeStart
	return true
}

// wallBits is the precision of the probability of a wall: multiples of 2^-12.
// Published mazes have one between lowWalls and highWalls.
const (
	wallBits  = 12
	lowWalls  = 3 << wallBits / 10
	highWalls = 5 << wallBits / 10
)

// walls draws a probability between low and high, and each cell with it.
func (m *mazeMaker) walls(low, high int) {
	p := low + m.rng.IntN(high-low+1)
	m.open = m.open[:0]
	var walls uint64
	for i := range m.grid {
		if i%64 == 0 {
			walls = m.bernoulli(p)
		}
		m.grid[i] = puzzle.MazeWall
		if walls>>(i%64)&1 == 0 {
			m.grid[i] = puzzle.MazeOpen
			m.open = append(m.open, int32(i))
		}
	}
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
