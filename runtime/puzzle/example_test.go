package puzzle_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Read puzzles as people have them; a bad one does not hide the others.
func ExampleNewReader() {
	text := "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79\n" +
		"53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..7x\n"
	r, err := puzzle.NewReader(strings.NewReader(text), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		p, err := r.Next()
		var bad *puzzle.Error
		switch {
		case err == io.EOF:
			return
		case errors.As(err, &bad):
			fmt.Println("bad:", bad)
		case err != nil:
			fmt.Println(err)
			return
		default:
			fmt.Println(p.Where, r.Task().Name(), len(p.Question), "cells")
		}
	}
	// Output:
	// line 1 sudoku 81 cells
	// bad: line 2, column 81: found 'x', want 1 to 9, or '.' or '0' for a blank cell
}

// Describe a puzzle of one's own, and check an answer.
func ExampleNew() {
	task, err := puzzle.New("grid", map[string]any{"rows": 2, "cols": 2, "alphabet": ".ab", "blank": ".", "rules": "latin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	question, err := task.Encode("a...")
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := task.Encode("abba")
	fmt.Println(err, task.Check(question, answer))
	wrong, err := task.Encode("abab")
	fmt.Println(err, task.Check(question, wrong) != nil)
	// Output:
	// <nil> <nil>
	// <nil> true
}
