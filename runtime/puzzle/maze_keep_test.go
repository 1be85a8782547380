package puzzle

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// keepSlowly is Keep by its words: a step stays once it leads to the goal, or to one that
// stays, until no further one does.
func keepSlowly(m Maze, question, kept, output []int32) (answer []int32, final bool) {
	w := MazeWave{Dist: output, rows: m.Rows, cols: m.Cols}
	answer = slices.Clone(question)
	for cell := range answer {
		if kept != nil && isStep(kept[cell]) {
			answer[cell] = kept[cell]
		}
	}
	for more := true; more; {
		more = false
		for cell, own := range question {
			if isStep(answer[cell]) || !isStep(output[cell]) || own != MazeOpen && own != MazeStart {
				continue
			}
			to := w.neighbours(cell)[output[cell]-MazeDown]
			if to >= 0 && (question[to] == MazeGoal || isStep(answer[to])) {
				answer[cell], more = output[cell], true
			}
		}
	}
	return answer, isStep(answer[slices.Index(question, MazeStart)])
}

func TestMazeKeep(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := Maze{Rows: 2 + rng.IntN(6), Cols: 2 + rng.IntN(6), Directions: true}
		question, output := make([]int32, m.SeqLen()), make([]int32, m.SeqLen())
		for i := range question {
			question[i] = MazeWall + rng.Int32N(2)*rng.Int32N(2) + rng.Int32N(2)
			question[i] = min(question[i], MazeOpen)
		}
		ends := rng.Perm(m.SeqLen())
		question[ends[0]], question[ends[1]] = MazeStart, MazeGoal
		var kept []int32
		for range 4 {
			for i := range output {
				output[i] = rng.Int32N(MazeDown + 4) // any token at all
			}
			want, wantFinal := keepSlowly(m, question, kept, output)
			said := slices.Clone(output)
			if final := m.Keep(question, kept, output); final != wantFinal || !slices.Equal(output, want) {
				t.Fatalf("seed %d, %d x %d, maze %v, kept %v, said %v:\nkeeps %v, %v\nwant  %v, %v", seed, m.Rows, m.Cols, question, kept, said, output, final, want, wantFinal)
			}
			kept = slices.Clone(output)
		}
	}
}

func TestMazeKeepAllocatesNothing(t *testing.T) {
	m := Maze{Rows: 30, Cols: 30, Directions: true}
	question, output := make([]int32, 900), make([]int32, 900)
	for i := range question {
		question[i] = MazeOpen
	}
	question[0], question[899] = MazeStart, MazeGoal
	if n := testing.AllocsPerRun(10, func() {
		for i := range output {
			output[i] = MazeDown + 2 // right, and down at the edge
			if i%30 == 29 {
				output[i] = MazeDown
			}
		}
		if !m.Keep(question, nil, output) {
			t.Fatal("the steps lead from S to G, but are not final")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
