package data

import (
	"context"
	"fmt"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// MazeOptions says which mazes GenerateMazes makes.
type MazeOptions struct {
	Seed       uint64
	Count      int
	Rows, Cols int            // 0, 0: 30 x 30
	MinSteps   int            // of the shortest path; 0: PublishedSteps of the size
	Far        bool           // put walls in the way where the cells of a maze are nearer
	Filter     *MazeFilter    // what to leave out; nil: only repetitions
	Threads    int            // 0: all; the result does not depend on it
	Progress   func(done int) // called now and then
}

// mazeBatch is the number of mazes that are tried as one job, mazeTries the number
// of jobs without a single maze after which there seem to be none.
const (
	mazeBatch = 5_000
	mazeTries = 200
)

// GenerateMazes makes mazes as those of maze-30x30-hard: each cell is a wall
// with a probability p, which is uniform in 0.3 to 0.5 for each maze; start
// and goal are uniform over the open cells; mazes with a shortest path below
// MinSteps are dropped. The answer is puzzle.Maze.Solve's.
//
// Few random mazes have ways of MinSteps, and large ones none: with Far they are
// made as those of a MazeStream, thousands of times faster, and are not quite those
// of maze-30x30-hard.
func GenerateMazes(ctx context.Context, o MazeOptions) ([]puzzle.Puzzle, error) {
	if o.Rows == 0 && o.Cols == 0 {
		o.Rows, o.Cols = 30, 30
	}
	m := puzzle.Maze{Rows: o.Rows, Cols: o.Cols}
	if o.MinSteps == 0 {
		o.MinSteps = PublishedSteps(m)
	}
	if err := checkMaze(m); err != nil {
		return nil, err
	}
	if o.MinSteps < 1 || o.MinSteps >= max(m.SeqLen()/2, 3) {
		return nil, fmt.Errorf("%w: mazes of %d x %d with paths of %d steps", ErrData, o.Rows, o.Cols, o.MinSteps)
	}
	if o.Filter == nil {
		o.Filter = NewMazeFilter(m)
	}
	var out []puzzle.Puzzle
	dry := 0
	err := ordered(ctx, o.Threads, func(job uint64) [][]int32 {
		maker := newMazeMaker(m, o.Seed, job)
		if o.Far {
			return maker.farBatch(ctx, o.MinSteps)
		}
		return maker.batch(ctx, o.MinSteps)
	}, func(found [][]int32) bool {
		before := len(out)
		for _, q := range found {
			if len(out) < o.Count && o.Filter.Keep(q) {
				out = append(out, solved(m, q))
			}
		}
		if o.Progress != nil {
			o.Progress(len(out))
		}
		if dry++; len(out) > before {
			dry = 0
		}
		return len(out) < o.Count && dry < mazeTries
	})
	if err != nil {
		return nil, fmt.Errorf("generating mazes: %d of %d done: %w", len(out), o.Count, err)
	}
	if len(out) < o.Count {
		return nil, fmt.Errorf("%w: %d of %d mazes of %d x %d with paths of %d steps or more, and no other in %d tries: want shorter ones, or Far",
			ErrData, len(out), o.Count, o.Rows, o.Cols, o.MinSteps, mazeTries*mazeBatch)
	}
	return out, nil
}

func checkMaze(m puzzle.Maze) error {
	if m.Rows < 2 || m.Cols < 2 || m.Rows > puzzle.MaxMazeSide || m.Cols > puzzle.MaxMazeSide {
		return fmt.Errorf("%w: mazes of %d x %d, want 2 x 2 to %d x %d", ErrData, m.Rows, m.Cols, puzzle.MaxMazeSide, puzzle.MaxMazeSide)
	}
	return nil
}

// solved returns the puzzle of a maze that has a solution.
func solved(m puzzle.Maze, q []int32) puzzle.Puzzle {
	answer, steps, err := m.Solve(q)
	if err != nil {
		panic(fmt.Sprintf("data: made a maze without a solution: %v", err))
	}
	return puzzle.Puzzle{Question: q, Answer: answer, Rows: m.Rows, Cols: m.Cols, Source: "generated", Rating: steps}
}

// MazeFilter leaves out mazes that are others turned or reflected.
type MazeFilter struct {
	maze puzzle.Maze
	seen map[string]bool
}

// NewMazeFilter returns a filter that knows nothing.
func NewMazeFilter(m puzzle.Maze) *MazeFilter {
	return &MazeFilter{maze: m, seen: map[string]bool{}}
}

// Ban leaves out the mazes of a set, if they have the filter's size.
func (f *MazeFilter) Ban(s *Set) {
	if rows, cols := s.Task.Size(); rows != f.maze.Rows || cols != f.maze.Cols {
		return
	}
	for i := range s.Len() {
		f.seen[canonicalMaze(f.maze, s.Input(i))] = true
	}
}

// Keep reports whether a maze may stay, and remembers it: the next one that is
// equivalent may not.
func (f *MazeFilter) Keep(question []int32) bool {
	key := canonicalMaze(f.maze, question)
	if f.seen[key] {
		return false
	}
	f.seen[key] = true
	return true
}

// canonicalMaze returns the smallest of the eight forms of a maze; of one that is
// no square, of the four that have its size.
func canonicalMaze[T uint8 | int32](m puzzle.Maze, q []T) string {
	var best []byte
	form := make([]byte, len(q))
	for d := range 8 {
		if d&4 != 0 && m.Rows != m.Cols {
			break
		}
		for r := range m.Rows {
			for c := range m.Cols {
				a, b := r, c
				if d&1 != 0 {
					a = m.Rows - 1 - a
				}
				if d&2 != 0 {
					b = m.Cols - 1 - b
				}
				if d&4 != 0 {
					a, b = b, a
				}
				form[r*m.Cols+c] = byte(q[a*m.Cols+b])
			}
		}
		if best == nil || slices.Compare(form, best) < 0 {
			best = append(best[:0], form...)
		}
	}
	return string(best)
}
