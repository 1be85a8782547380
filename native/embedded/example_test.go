package embedded_test

import (
	"fmt"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Look at the models that programs carry.
func Example() {
	for _, e := range embedded.Models {
		f, err := weights.Parse(e.File)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Name, f.Header.Task, f.Header.Meta["licence"])
	}
	// Output:
	// sudoku sudoku Apache-2.0
	// maze maze Apache-2.0
	// sudoku-sizes sudoku Apache-2.0
}
