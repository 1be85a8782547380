package puzzle

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkMazeSolve is breadth-first search, for comparison with a model.
func BenchmarkMazeSolve(b *testing.B) {
	m := Maze{Rows: 30, Cols: 30}
	rng := rand.New(rand.NewPCG(1, 2))
	question := make([]int32, m.SeqLen())
	for solvable := false; !solvable; {
		for i := range question {
			if question[i] = MazeOpen; rng.IntN(3) == 0 {
				question[i] = MazeWall
			}
		}
		question[0], question[len(question)-1] = MazeStart, MazeGoal
		_, _, err := m.Solve(question)
		solvable = err == nil
	}
	for b.Loop() {
		if _, _, err := m.Solve(question); err != nil {
			b.Fatal(err)
		}
	}
}
