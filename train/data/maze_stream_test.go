package data

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

func testStream(t testing.TB, change func(*MazeStreamOptions)) *MazeStream {
	t.Helper()
	o := MazeStreamOptions{
		Seed: 3, Maze: puzzle.Maze{Directions: true}, Steps: 90, Shapes: 0.5,
		Sizes: []MazeSize{{8, 8, 1}, {20, 12, 2}, {9, 30, 1}},
	}
	if change != nil {
		change(&o)
	}
	s, err := NewMazeStream(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every example is a maze with a way from S to G, whose labels are those of package
// puzzle and lead along a shortest path.
func TestMazeStream(t *testing.T) {
	s := testStream(t, nil)
	if l := s.Largest(); l.Rows != 9 || l.Cols != 30 {
		t.Errorf("the largest is %d x %d", l.Rows, l.Cols)
	}
	tokens, labels := make([]int32, 270), make([]int32, 270)
	seen := map[[2]int]int{}
	for n := range uint64(2000) {
		rows, cols := s.Example(n, tokens, labels)
		seen[[2]int{rows, cols}]++
		m := puzzle.Maze{Rows: rows, Cols: cols, Directions: true}
		q, got := tokens[:rows*cols], labels[:rows*cols]
		want, err := m.Labels(q, nil)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("draw %d: labels %s, want %s, %v", n, m.Decode(got), m.Decode(want), err)
		}
		best, _, err := m.Solve(q)
		if answer := m.Answer(q, got); err != nil || !slices.Equal(answer, best) {
			t.Fatalf("draw %d: answer %s, want %s, %v\n%s", n, m.Decode(answer), m.Decode(best), err, m.Render(q, nil))
		}
	}
	for size, share := range map[[2]int]float64{{8, 8}: 0.25, {20, 12}: 0.5, {9, 30}: 0.25} {
		if got := float64(seen[size]) / 2000; got < share-0.05 || got > share+0.05 {
			t.Errorf("%v: %.3f of the draws, want %.2f", size, got, share)
		}
	}
}

// A draw depends on its number alone, so that a run can go on where it stopped.
func TestMazeStreamResumes(t *testing.T) {
	a, b := testStream(t, nil), testStream(t, nil)
	x, y, labels := make([]int32, 270), make([]int32, 270), make([]int32, 270)
	for n := range uint64(50) {
		a.Example(n, x, labels)
	}
	for n := uint64(50); n < 90; n++ {
		rows, cols := a.Example(n, x, labels)
		other, _ := b.Example(n, y, labels)
		if other != rows || !slices.Equal(x[:rows*cols], y[:rows*cols]) {
			t.Fatalf("draw %d differs", n)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { a.Example(7, x, labels) }); allocs > 0 {
		t.Errorf("%v allocations a draw", allocs)
	}
}

// Paths are far, sizes grow, and the published labels are there too.
func TestMazeStreamOptions(t *testing.T) {
	s := testStream(t, func(o *MazeStreamOptions) { o.Grow, o.Shapes, o.Maze.Directions = 300, 0, false })
	tokens, labels := make([]int32, 270), make([]int32, 270)
	short := 0
	for n := range uint64(600) {
		rows, cols := s.Example(n, tokens, labels)
		if n < 100 && rows*cols > 64 || n < 200 && rows*cols > 240 {
			t.Fatalf("draw %d is %d x %d", n, rows, cols)
		}
		m := puzzle.Maze{Rows: rows, Cols: cols}
		answer, steps, err := m.Solve(tokens[:rows*cols])
		if err != nil || !slices.Equal(answer, labels[:rows*cols]) {
			t.Fatalf("draw %d: %v", n, err)
		}
		if steps < farSteps(m, 90)/2 {
			short++
		}
	}
	if short > 0 {
		t.Errorf("%d paths are shorter than asked for", short)
	}
	for _, bad := range []MazeStreamOptions{
		{Steps: 1},
		{Steps: 1, Sizes: []MazeSize{{1, 9, 1}}},
		{Steps: 1, Sizes: []MazeSize{{9, 256, 1}}},
		{Steps: 1, Sizes: []MazeSize{{9, 9, 0}}},
		{Steps: 0, Sizes: []MazeSize{{9, 9, 1}}},
		{Steps: 1, Sizes: []MazeSize{{9, 9, 1}}, Shapes: 1.5},
	} {
		if _, err := NewMazeStream(bad); !errors.Is(err, ErrData) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

// Shapes of any size have a way from S to G.
func TestMazeShapes(t *testing.T) {
	for _, size := range [][2]int{{2, 2}, {2, 9}, {3, 3}, {7, 31}, {30, 30}} {
		m := newMazeMaker(puzzle.Maze{Rows: size[0], Cols: size[1]}, 1, 1)
		for k := range mazeShapes {
			for range 50 {
				mazeShapes[k](m)
			}
		}
		for range 200 {
			if m.shape() {
				if _, _, err := m.maze.Solve(m.grid); err != nil {
					t.Fatalf("%v: %v\n%s", size, err, m.maze.Render(m.grid, nil))
				}
			}
		}
	}
}

func BenchmarkMazeStream(b *testing.B) {
	for _, side := range []int{10, 20, 30, 45, 60} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			s := testStream(b, func(o *MazeStreamOptions) {
				o.Sizes, o.Shapes, o.Steps = []MazeSize{{side, side, 1}}, 0, 109
			})
			tokens, labels := make([]int32, side*side), make([]int32, side*side)
			n := uint64(0)
			for b.Loop() {
				s.Example(n, tokens, labels)
				n++
			}
		})
	}
}
