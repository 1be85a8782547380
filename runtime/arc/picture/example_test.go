package picture_test

import (
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/runtime/arc/picture"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Draw a task as the ARC site does.
func ExampleSVG() {
	in := puzzle.ARCGrid{Rows: 2, Cols: 2, Cells: []uint8{1, 0, 0, 0}}
	out := puzzle.ARCGrid{Rows: 2, Cols: 2, Cells: []uint8{0, 1, 0, 0}}
	task := puzzle.ARCTask{Train: []puzzle.ARCPair{{Input: in, Output: out}}}
	var svg strings.Builder
	err := picture.SVG(&svg, &task, nil)
	fmt.Println(err, strings.HasPrefix(svg.String(), "<svg"))
	// Output: <nil> true
}
