package record_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver/record"
)

// Make the object that hrm solve --json prints.
func ExampleNew() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	a, err := s.Solve(context.Background(), "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := json.Marshal(record.New(puzzle.Sudoku{}, &a))
	if err != nil {
		fmt.Println(err)
		return
	}
	var fields struct {
		Answer     string
		Valid      bool
		FirstValid bool `json:"first_pass_valid"`
	}
	fmt.Println(json.Unmarshal(text, &fields), fields.Answer[:9], fields.Valid, fields.FirstValid)
	// Output: <nil> 534678912 true true
}
