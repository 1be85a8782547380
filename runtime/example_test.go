package runtime_test

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Ask a model in tokens, without guesses: what package hrm does for one puzzle.
func ExampleSolve() {
	model, err := native.Embedded("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	backend, err := cpu.New(model, cpu.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	sudoku := puzzle.Sudoku{}
	tokens, err := sudoku.Encode("53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79")
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := runtime.Solve(context.Background(), backend, []runtime.Input{{Tokens: tokens}}, runtime.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sudoku.Decode(results[0].Tokens))
	fmt.Println(results[0].Halted, sudoku.Check(tokens, results[0].Tokens))
	// Output:
	// 534678912672195348198342567859761423426853791713924856961537284287419635345286179
	// true <nil>
}

// See what a layer of a configuration does, and which weights it has.
func ExampleConfig_Sublayers() {
	c := runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 64, Heads: 4, Expansion: 4, LLayers: 2, HCycles: 1, LCycles: 3,
		Positions: runtime.NoPos, Relations: "sudoku", Conv: 3, HaltMaxSteps: 16, NormEps: runtime.DefaultNormEps, RopeTheta: 10000,
	}
	if err := c.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Sublayers(), "any grid:", c.AnyShape())
	// Output: [convolution attention SwiGLU] any grid: true
}
