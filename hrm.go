// Package hrm answers puzzles with Hierarchical Reasoning Models:
//
//	s, err := hrm.Open("sudoku")
//	...
//	defer s.Close()
//	a, err := s.Solve(ctx, "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79")
//	fmt.Println(a.Text, a.Valid)
//
// A Solver solves many puzzles at once (SolveAll), yields every segment of its
// thinking (Looks), and may be used by any number of goroutines. The packages below
// are its parts: solver for backends and tasks of one's own, runtime for models as
// such.
package hrm

import (
	"errors"
	"fmt"
	"io"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/solver"
)

// What Open returns, and what that takes and gives.
type (
	Options = solver.Options
	Answer  = solver.Answer
	Look    = solver.Look
)

// Solver is a model that is ready to solve, on the processor. See solver.Solver.
type Solver struct {
	*solver.Solver
	Model *runtime.Model
	file  io.Closer
}

// Open opens a model: an embedded one by its name, "sudoku", one that hrm pull fetched,
// or a .hrm file.
func Open(model string) (*Solver, error) {
	m, file, err := native.Open(model)
	if err != nil {
		return nil, err
	}
	s, err := solver.Start(m, "", 0)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	return &Solver{s, m, file}, nil
}

// Close ends the puzzles under way and the model. It may be called again.
func (s *Solver) Close() error { return errors.Join(s.Solver.Close(), s.file.Close()) }
