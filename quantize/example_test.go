package quantize_test

import (
	"fmt"

	"github.com/hrmgo/hrm/quantize"
)

// Round a matrix to int8, a scale for each row, and see what that costs.
func ExampleConvert() {
	w := quantize.NewF32([]float32{0.1, -0.5, 1.27, 20, -30, 40}, 2, 3)
	q, err := quantize.Convert(w, quantize.I8)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q.I8)
	fmt.Printf("cosine %.5f\n", quantize.Compare(q, w).Cosine)
	// Output:
	// [10 -50 127 64 -95 127]
	// cosine 0.99999
}
