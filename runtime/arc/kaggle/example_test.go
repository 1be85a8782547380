package kaggle_test

import (
	"os"

	"github.com/hrmgo/hrm/runtime/arc/kaggle"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Collect attempts, and write the file that Kaggle takes.
func Example() {
	var s kaggle.Submission
	s.Add("00576224", 0, puzzle.ARCGrid{Rows: 1, Cols: 2, Cells: []uint8{3, 2}}, puzzle.ARCGrid{Rows: 1, Cols: 1, Cells: []uint8{7}})
	s.Write(os.Stdout)
	// Output: {"00576224":[{"attempt_1":[[3,2]],"attempt_2":[[7]]}]}
}
