package hrm_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/hrmgo/hrm"
)

const question = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// Solve a sudoku. README.md shows the same without the handling of errors.
func Example() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	a, err := s.Solve(context.Background(), question)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Text, a.Valid)
	// Output: 534678912672195348198342567859761423426853791713924856961537284287419635345286179 true
}

// Solve many puzzles at once. A bad one has its error, and the others their answers.
func ExampleSolver_SolveAll() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	puzzles := slices.Values([]string{
		question,
		"12345678....................................9....................................",
	})
	for a, err := range s.SolveAll(context.Background(), puzzles) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(a.Valid)
	}
	// Output:
	// true
	// cannot be solved: it has no solution
}

// See a puzzle being thought about, segment by segment.
func ExampleSolver_Looks() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for look, err := range s.Looks(context.Background(), question) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("attempt %d, segment %d\n", look.Attempt+1, look.Segment)
		if look.Answer != nil {
			fmt.Println(look.Answer.Valid)
		}
	}
	// Output:
	// attempt 1, segment 1
	// true
}
