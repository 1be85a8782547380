package main

import (
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
)

// What is farther from G than S is has no label in the end, and every cell is to stay as
// it is until the wave can have come there.
func TestMadeLabels(t *testing.T) {
	c, err := config.Preset("maze-cpu")
	if err != nil {
		t.Fatal(err)
	}
	c.MazeSizes, c.MazeReach = []config.Size{{Rows: 12, Cols: 12, Weight: 1}}, 5
	task, err := c.PuzzleTask()
	if err != nil {
		t.Fatal(err)
	}
	source, err := newGenerator(&c, task)
	if err != nil {
		t.Fatal(err)
	}
	late, left := 0, 0
	for n := range int64(50) {
		in, labels := runtime.Input{Tokens: make([]int32, 144)}, make([]int32, 144)
		if err := source.examples.Example(n, &in, labels); err != nil {
			t.Fatal(err)
		}
		m := puzzle.Maze{Rows: 12, Cols: 12, Directions: true}
		want, err := m.Labels(in.Tokens, nil)
		if err != nil {
			t.Fatal(err)
		}
		wave := puzzle.NewMazeWave(m)
		wave.From(in.Tokens, slices.Index(in.Tokens, puzzle.MazeGoal))
		far := wave.Dist[slices.Index(in.Tokens, puzzle.MazeStart)]
		for i, d := range wave.Dist {
			from, final := (max(d, 0)+4)/5, want[i]
			if d > far {
				final = train.IgnoreLabel
				left++
			}
			if from > 1 {
				late++
			}
			own := in.Tokens[i]
			if got := train.Final(labels[i]); got != final {
				t.Errorf("draw %d, cell %d, %d steps from G, S is at %d: %d in the end, want %d", n, i, d, far, got, final)
			}
			if before, after := train.Asked(labels[i], own, from-1), train.Asked(labels[i], own, from); from > 0 && before != own || after != final {
				t.Errorf("draw %d, cell %d, %d steps from G: asked for %d, then %d, want %d, then %d", n, i, d, before, after, own, final)
			}
		}
	}
	if late == 0 || left == 0 {
		t.Errorf("%d late labels, %d left out: nothing was tested", late, left)
	}
}
