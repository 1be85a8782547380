// Package puzzle turns puzzles into tokens and tokens into answers: it reads
// sudokus, mazes and ARC tasks from text, CSV, JSON and the reference's data
// folders, checks answers, and renders them for people.
//
// A Task knows one kind of puzzle; a Reader streams puzzles from a file and
// reports a bad one with its position, without losing the others:
//
//	r, err := puzzle.NewReader(file, nil) // nil: recognise the kind
//	for {
//		p, err := r.Next()
//		if err == io.EOF {
//			break
//		}
//		var bad *puzzle.Error
//		if errors.As(err, &bad) {
//			report(bad) // "line 7, column 3: ..."; go on with the next puzzle
//			continue
//		}
//		...
//	}
package puzzle

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrFormat is wrapped by every error about text or data that is no puzzle.
	ErrFormat = errors.New("invalid puzzle")
	// ErrWrong is wrapped by every error of Check: an answer that does not
	// solve its question.
	ErrWrong = errors.New("wrong answer")
	// ErrSpec is wrapped by every error about the description of a task.
	ErrSpec = errors.New("invalid task description")
	// ErrSize is wrapped, beside ErrFormat, by the error about a sudoku of another size
	// than 9 x 9 for Sudoku, which Sudokus takes.
	ErrSize = errors.New("a sudoku of another size")
	// ErrUnknown is returned when the kind of a file cannot be recognised.
	ErrUnknown = errors.New("unknown kind of puzzle")
)

// Puzzle is a question and, where the file gives it, its answer.
type Puzzle struct {
	Question []int32 // [S] tokens
	Rows     int     // of the grid, S = Rows * Cols; 0, 0: the task's own size
	Cols     int
	Digits   Digits   // how the question is written, of Sudokus
	Answer   []int32  // [S] tokens, nil when unknown; token 0 is not scored
	ID       int32    // row of the model's puzzle table; 0 where there is one task only
	Name     string   // of an ARC task, "007bbfb7"; else ""
	Index    int      // of an ARC test input in its task
	Task     *ARCTask // of an ARC test input, with the demonstrations; else nil
	Source   string   // of the puzzle, "" when unknown
	Rating   int      // difficulty on the file's own scale, -1 when unknown
	Where    string   // "line 12", "record 7", "task 007bbfb7, test 0"
}

// Task is a kind of puzzle, whose grids are sequences of SeqLen tokens below
// Vocab, row by row. Token 0 is padding in every task. What else a task can do
// is in interfaces of its own, from Sizer on.
type Task interface {
	Name() string           // "sudoku", "maze" or "arc"
	Size() (rows, cols int) // of the grid
	SeqLen() int            // rows * cols
	Vocab() int
	// Encode reads one grid from a line of text, the inverse of Decode.
	Encode(text string) ([]int32, error)
	// Decode returns the grid as a line of text. Tokens that mean nothing in
	// this task become '?'.
	Decode(tokens []int32) string
	// Check returns nil when answer solves question, and otherwise the first
	// violation, wrapping ErrWrong.
	Check(question, answer []int32) error
}

// Tasks lists every kind of puzzle, with the sizes of the published models.
// Grid has none until it is described.
var Tasks = []Task{Sudoku{}, Maze{Rows: 30, Cols: 30}, ARC{}, Grid{}}

// ByName returns the task of that name.
func ByName(name string) (Task, error) {
	var names []string
	for _, t := range Tasks {
		if t.Name() == name {
			return t, nil
		}
		names = append(names, t.Name())
	}
	return nil, fmt.Errorf("%w %q: want %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Error is a bad puzzle and its place. The reader that returned it can go on
// with the next puzzle.
type Error struct {
	Line   int    // from 1
	Column int    // from 1, in characters; 0: the whole line
	Where  string // instead of Line and Column in files without lines: "example 7"
	Err    error
}

func (e *Error) Error() string {
	if e.Where != "" {
		return fmt.Sprintf("%s: %v", e.Where, e.Err)
	}
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes every Error match ErrFormat.
func (e *Error) Is(target error) bool { return target == ErrFormat }

// wrong returns an error that wraps ErrWrong.
func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrWrong, fmt.Sprintf(format, args...))
}

// checkLen reports a sequence of the wrong length, wrapping ErrWrong.
func checkLen(t Task, question, answer []int32) error {
	if n := t.SeqLen(); len(question) != n || len(answer) != n {
		return wrong("%d and %d tokens, want %d", len(question), len(answer), n)
	}
	return nil
}
