package weights_test

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime/weights"
)

// Write a file, and read it back in place.
func Example() {
	header := weights.Header{Config: map[string]any{"family": "trm"}, Task: "sudoku", Meta: map[string]string{"licence": "CC0-1.0"}}
	data, err := weights.Encode(header, []weights.Tensor{weights.Of("w", weights.F32, []float32{1, 2, 3, 4, 5, 6}, 2, 3)})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := weights.Parse(data)
	if err != nil {
		fmt.Println(err) // which of ErrFormat and the like it wraps says what is wrong
		return
	}
	t, _ := f.Tensor("w")
	numbers, err := weights.View[float32](t)
	fmt.Println(f.Header.Task, f.Header.Meta["licence"], t.Shape, numbers, err)
	// Output: sudoku CC0-1.0 [2 3] [1 2 3 4 5 6] <nil>
}
