package data_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/hrmgo/hrm/train/data"
)

// Make a sudoku, and leave out one that is the same but for its symmetry.
func Example() {
	s := data.Ordinary(30, rand.New(rand.NewPCG(1, 2)))
	clues := 0
	for _, digit := range s.Question {
		if digit > 0 {
			clues++
		}
	}
	f := data.NewFilter()
	fmt.Println(clues, "clues;", f.Keep(&s.Question, &s.Answer), f.Keep(&s.Question, &s.Answer))
	// Output: 30 clues; true false
}
