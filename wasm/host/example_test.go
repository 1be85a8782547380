package host_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/wasm/host"
)

// Solve a sudoku in a sandbox. The module and its hash come from a release, or
// from go run ./wasm/build.
func Example() {
	ctx := context.Background()
	plugin, trusted, err := host.Built() // hrm-plugin.wasm and its SHA-256
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := host.Open(ctx, host.Options{Module: plugin, SHA256: trusted, Deadline: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	puzzle := "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	results, err := h.Solve(ctx, []host.Puzzle{{Text: puzzle}}, host.SolveOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(results[0].Answer, results[0].Valid())
	// Output: 534678912672195348198342567859761423426853791713924856961537284287419635345286179 true
}
