package train_test

import (
	"fmt"

	"github.com/hrmgo/hrm/train"
)

// See the course of the learning rate.
func ExampleSchedule() {
	s := train.Schedule{Warmup: 10, Total: 100, MinRatio: 0.1}
	for _, step := range []int64{5, 10, 55, 100} {
		fmt.Printf("%d: %.2f\n", step, s.Factor(step))
	}
	// Output:
	// 5: 0.50
	// 10: 1.00
	// 55: 0.55
	// 100: 0.10
}
