package data

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

var maze30 = puzzle.Maze{Rows: 30, Cols: 30}

func TestGenerateMazes(t *testing.T) {
	// Shorter paths than the default 109 are found ten times as fast.
	o := MazeOptions{Seed: 1, Count: 10, MinSteps: 80, Threads: 1}
	one, err := GenerateMazes(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 3
	three, err := GenerateMazes(context.Background(), o)
	if err != nil || len(one) != 10 || len(three) != 10 {
		t.Fatalf("%d and %d mazes, %v", len(one), len(three), err)
	}
	for i, p := range one {
		if !slices.Equal(p.Question, three[i].Question) {
			t.Fatal("the result depends on the number of threads")
		}
		if err := maze30.Check(p.Question, p.Answer); err != nil || p.Rating < 80 {
			t.Errorf("maze %d: rating %d, %v", i, p.Rating, err)
		}
		walls := 0
		for _, tok := range p.Question {
			if tok == puzzle.MazeWall {
				walls++
			}
		}
		if walls < 200 || walls > 500 {
			t.Errorf("maze %d has %d walls of 900", i, walls)
		}
	}
	o.MinSteps = 500
	if _, err := GenerateMazes(context.Background(), o); !errors.Is(err, ErrData) {
		t.Errorf("impossible paths: got %v", err)
	}
}

func TestMazeFilter(t *testing.T) {
	m := puzzle.Maze{Rows: 3, Cols: 3}
	mustMaze := func(text string) []int32 {
		q, err := m.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	test := NewSet(m)
	q := mustMaze("S #" + "## " + "G  ")
	a, _, err := m.Solve(mustMaze("S  " + "   " + "G  "))
	if err != nil {
		t.Fatal(err)
	}
	if err := test.Add(puzzle.Puzzle{Question: q, Answer: a}); err != nil {
		t.Fatal(err)
	}
	f := NewMazeFilter(m)
	f.Ban(test)
	if f.Keep(mustMaze("S#G" + " # " + "#  ")) {
		t.Error("a reflected maze passed")
	}
	if other := mustMaze("S#G" + " # " + "   "); !f.Keep(other) || f.Keep(other) {
		t.Error("a new maze must pass once")
	}
}

// The probability of a wall is that asked for.
func TestBernoulli(t *testing.T) {
	m := newMazeMaker(maze30, 1, 1)
	for _, p := range []int{0, 1, 1228, 2047, 4095} {
		ones, n := 0, 20_000
		for range n {
			ones += bits.OnesCount64(m.bernoulli(p))
		}
		got, want := float64(ones)/float64(64*n), float64(p)/4096
		if math.Abs(got-want) > 0.002 {
			t.Errorf("%d of 4096: got %.4f, want %.4f", p, got, want)
		}
	}
}

// One maze tried: few are kept.
func BenchmarkMaze(b *testing.B) {
	m := newMazeMaker(maze30, 1, 1)
	for b.Loop() {
		m.walls(lowWalls, highWalls)
		m.wave.From(m.grid, int(m.open[m.rng.IntN(len(m.open))]))
	}
}
