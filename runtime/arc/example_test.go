package arc_test

import (
	"fmt"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// A model knows tasks by name, and says so of another one.
func ExampleForms_Of() {
	model, file, err := native.Open("../../train/arc/mini-arc.hrm")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	forms, err := arc.FormsOf(model, 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	grid := puzzle.ARCGrid{Rows: 1, Cols: 1, Cells: []uint8{3}}
	pair := puzzle.ARCPair{Input: grid, Output: grid}
	task := puzzle.ARCTask{ID: "nobody knows it", Train: []puzzle.ARCPair{pair}, Test: []puzzle.ARCPair{pair}}
	_, err = forms.Of(&task, 0)
	fmt.Println(err)
	// Output: unknown task: task "nobody knows it": its name is none of the 150 that the model knows
}
