package gpu_test

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
)

// Solve on a GPU, and go on with another backend when it is lost: runtime.Fallback.
func Example() {
	d, err := wgpu.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	model, err := native.Embedded("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := gpu.New(d, model)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	var inputs []runtime.Input
	results, err := runtime.Solve(context.Background(), b, inputs, runtime.Options{Lanes: 32})
	fmt.Println(len(results), err)
}
