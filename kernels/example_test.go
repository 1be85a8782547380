package kernels_test

import (
	"fmt"

	"github.com/hrmgo/hrm/kernels"
)

// Multiply two rows with a matrix of three, which is packed once.
func ExampleMatMulT() {
	w := kernels.Pack([]float32{
		1, 0, 0, 0,
		0, 1, 0, 0,
		1, 1, 1, 1,
	}, 3, 4)
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	y := make([]float32, 2*3)
	kernels.MatMulT(y, 3, x, 4, 2, w)
	fmt.Println(y)
	// Output: [1 2 10 5 6 26]
}
