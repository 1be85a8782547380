package native_test

import (
	"context"
	"fmt"
	"log"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Solve a puzzle with a model file. README.md shows the same without the
// handling of errors.
func Example() {
	m, file, err := native.Open("sudoku.hrm")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	b, err := cpu.New(m, cpu.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	text := "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	tokens, err := puzzle.Sudoku{}.Encode(text)
	if err != nil {
		log.Fatal(err)
	}
	results, err := runtime.Solve(context.Background(), b, []runtime.Input{{Tokens: tokens}}, runtime.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(puzzle.Sudoku{}.Decode(results[0].Tokens), results[0].Segments)
}
