package puzzle

import (
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// ErrUnsolvable is wrapped by the errors of Examine: there is no one answer
// that a model could find.
var ErrUnsolvable = errors.New("cannot be solved")

// Examiner is a task that knows without a model whether a question has one
// answer.
type Examiner interface {
	Task
	// Examine returns why there is no one answer, wrapping ErrUnsolvable, or
	// nil; nil too where finding out would take long.
	Examine(question []int32) error
}

// Examine examines a question of a task that is an Examiner; of others nothing
// is known.
func Examine(t Task, question []int32) error {
	if e, ok := t.(Examiner); ok {
		return e.Examine(question)
	}
	return nil
}

const (
	// maxExamination is the guesses of an exact search, two seconds. Of almost
	// all sudokus a few dozen tell.
	maxExamination = 1 << 20
	// fewestClues is the least number of clues of a sudoku with one solution
	// (McGuire, Tugemann and Civario, 2012).
	fewestClues = 17
)

// Examine reports a sudoku without a solution, or with several.
func (Sudoku) Examine(question []int32) error {
	g := sudoku.Of(question)
	s := sudoku.Search{Limit: 2, Guesses: maxExamination}.Run(&g)
	switch clues := g.Clues(); {
	case s.Count > 1 && clues < fewestClues:
		return fmt.Errorf("%w: clues too few, %d: a sudoku with one solution has at least %d", ErrUnsolvable, clues, fewestClues)
	case s.Count > 1:
		return fmt.Errorf("%w: it has several solutions", ErrUnsolvable)
	case s.Count == 0 && !s.Cut:
		return fmt.Errorf("%w: it has no solution", ErrUnsolvable)
	}
	return nil
}

// Examine reports a maze whose goal cannot be reached.
func (m Maze) Examine(question []int32) error {
	if len(question) != m.SeqLen() {
		return nil
	}
	start, goal, err := m.ends(question)
	if err != nil {
		return nil
	}
	w := NewMazeWave(m)
	if w.From(question, goal); w.Dist[start] < 0 {
		return errNoWay
	}
	return nil
}

var errNoWay = fmt.Errorf("%w: there is no way from S to G", ErrUnsolvable)
