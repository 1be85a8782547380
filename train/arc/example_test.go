package arc_test

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/arc"
)

// Learn one task from its demonstrations, and answer its test. A real one takes about a
// minute (Options.For).
func ExampleLearn() {
	grid := func(cells ...uint8) puzzle.ARCGrid { return puzzle.ARCGrid{Rows: 1, Cols: 2, Cells: cells} }
	task := puzzle.ARCTask{
		ID: "swap",
		Train: []puzzle.ARCPair{
			{Input: grid(1, 0), Output: grid(0, 1)}, {Input: grid(2, 0), Output: grid(0, 2)}, {Input: grid(0, 3), Output: grid(3, 0)},
		},
		Test: []puzzle.ARCPair{{Input: grid(4, 0)}},
	}
	a, err := arc.Learn(context.Background(), &task, arc.Options{Steps: 2, Threads: 1, Votes: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Steps, "steps;", len(a.Results), "test,", len(a.Results[0].Grids()) > 0)
	// Output: 2 steps; 1 test, true
}
