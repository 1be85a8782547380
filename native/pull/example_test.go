package pull_test

import (
	"fmt"

	"github.com/hrmgo/hrm/native/pull"
)

// Read what hrm pull is given.
func ExampleParseSource() {
	for _, text := range []string{
		"hf:sapientinc/HRM-checkpoint-sudoku-extreme@main",
		"https://huggingface.co/sapientinc/HRM-checkpoint-sudoku-extreme",
		"hf:no-repository",
	} {
		s, err := pull.ParseSource(text, pull.DefaultEndpoint)
		fmt.Println(s.Repo, s.Revision, err != nil)
	}
	// Output:
	// HRM-checkpoint-sudoku-extreme main false
	// HRM-checkpoint-sudoku-extreme  false
	//   true
}
