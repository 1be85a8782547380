package abi_test

import (
	"fmt"

	"github.com/hrmgo/hrm/wasm/abi"
)

// Write a request as the host sends it, and read it as the plugin does.
func Example() {
	r := abi.Request{Op: abi.OpSolve, Puzzles: []abi.Puzzle{{Text: "53..7...."}}}
	got, err := abi.DecodeRequest(r.Encode())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Op, got.Puzzles[0].Text)
	// Output: solve 53..7....
}
