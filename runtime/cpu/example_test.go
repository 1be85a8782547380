package cpu_test

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// Run single segments on a lane, and decide oneself when to stop.
func Example() {
	model, err := native.Embedded("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	backend, err := cpu.New(model, cpu.Options{Threads: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	batch, err := backend.NewBatch(1, 81)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer batch.Close()
	blank := make([]int32, 81)
	for i := range blank {
		blank[i] = 1
	}
	if err := batch.Reset(0, runtime.Input{Tokens: blank}); err != nil {
		fmt.Println(err)
		return
	}
	var out runtime.Output
	for range 2 {
		if err := batch.Step(context.Background(), []int{0}, &out); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(len(out.Tokens), "cells; sure of an empty sudoku:", out.QHalt[0] > 0)
	// Output: 81 cells; sure of an empty sudoku: false
}
