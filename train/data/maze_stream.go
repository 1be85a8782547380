package data

import (
	"fmt"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// MazeSize is a size of mazes and its share of the draws.
type MazeSize struct {
	Rows, Cols int
	Weight     float64 // above 0; only the ratios count
}

// MazeStreamOptions says what a MazeStream draws.
type MazeStreamOptions struct {
	Seed  uint64
	Maze  puzzle.Maze // what labels say; its own size is not used
	Sizes []MazeSize
	// Steps is how far S is from G in 30 x 30 cells: at least what is drawn between
	// half of it and half as much again. In other sizes it grows as PublishedSteps
	// does. Shapes of rooms and corridors have the ways that they have.
	Steps int
	// Shapes is the share of mazes that are not random walls but open fields,
	// rooms, spirals, corridors, trees, blocks and caves.
	Shapes float64
	// Grow is the number of draws after which all sizes are drawn. Before that the
	// larger ones come in one by one, the smallest first; 0: all from the start.
	Grow uint64
}

// MazeStream makes mazes and their labels as training asks for them, each from
// the seed and its number alone. One goroutine uses it at a time.
type MazeStream struct {
	o      MazeStreamOptions
	makers []*mazeMaker // of each size, the smallest first
	shares []float64    // sum of the weights up to each size
	last   *mazeMaker   // of the last draw
}

// NewMazeStream checks the options.
func NewMazeStream(o MazeStreamOptions) (*MazeStream, error) {
	if len(o.Sizes) == 0 {
		return nil, fmt.Errorf("%w: no sizes of mazes", ErrData)
	}
	if !(o.Shapes >= 0 && o.Shapes <= 1) || o.Steps < 1 {
		return nil, fmt.Errorf("%w: mazes with paths of %d steps and a share of %v shapes", ErrData, o.Steps, o.Shapes)
	}
	s := &MazeStream{o: o}
	sizes := slices.Clone(o.Sizes)
	slices.SortStableFunc(sizes, func(a, b MazeSize) int { return a.Rows*a.Cols - b.Rows*b.Cols })
	sum := 0.0
	for _, size := range sizes {
		m := o.Maze
		m.Rows, m.Cols = size.Rows, size.Cols
		if err := checkMaze(m); err != nil {
			return nil, err
		}
		if !(size.Weight > 0 && size.Weight <= 1e9) {
			return nil, fmt.Errorf("%w: mazes of %d x %d have weight %v, want above 0", ErrData, m.Rows, m.Cols, size.Weight)
		}
		sum += size.Weight
		s.makers, s.shares = append(s.makers, newMazeMaker(m, o.Seed, 0)), append(s.shares, sum)
	}
	return s, nil
}

// Largest returns the size with the most cells.
func (s *MazeStream) Largest() puzzle.Maze { return s.makers[len(s.makers)-1].maze }

// Example writes the n'th maze and its labels into the front of two slices of the
// Largest size, and returns its own size. Nothing is allocated.
func (s *MazeStream) Example(n uint64, tokens, labels []int32) (rows, cols int) {
	m := s.draw(n)
	s.last = m
	copy(tokens, m.grid)
	labels = labels[:len(m.grid)]
	if m.maze.Directions {
		m.wave.Label(m.grid, labels)
	} else {
		m.wave.Path(m.grid, labels)
	}
	return m.maze.Rows, m.maze.Cols
}

// Distances returns how far each cell of the last example is from its G, -1 where there
// is no way. It is valid until the next one.
func (s *MazeStream) Distances() []int32 { return s.last.wave.Dist }

// draw makes the n'th maze, with the wave from its G.
func (s *MazeStream) draw(n uint64) *mazeMaker {
	first := s.makers[0]
	first.pcg.Seed(s.o.Seed, mix(n))
	u := first.rng.Float64() * s.shares[s.ready(n)-1]
	k, _ := slices.BinarySearch(s.shares, u)
	m := s.makers[min(k, s.ready(n)-1)]
	m.pcg.Seed(s.o.Seed^mix(n), uint64(k))
	if m.rng.Float64() < s.o.Shapes && m.shape() {
		return m
	}
	m.far(m.steps(s.o.Steps))
	return m
}

// ready returns how many sizes the n'th draw chooses from.
func (s *MazeStream) ready(n uint64) int {
	k := len(s.makers)
	if s.o.Grow == 0 || n >= s.o.Grow {
		return k
	}
	return 1 + int(float64(k)*float64(n)/float64(s.o.Grow))
}

// steps draws how far S is at least from G.
func (m *mazeMaker) steps(published int) int {
	steps := farSteps(m.maze, published)
	return max(1, steps/2+m.rng.IntN(steps+1))
}
