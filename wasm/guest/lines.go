package guest

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
	"github.com/hrmgo/hrm/wasm/abi"
)

// Tally counts what came of the puzzles of Lines.
type Tally struct {
	Solved   int
	Unsolved int // without an answer, or with one that is not valid
	Bad      int // that could not be read
}

// Status is the exit status of a command with that tally, as hrm solve has it:
// 0 every puzzle was solved, 1 some were not, 2 some could not be read or there
// was none.
func (t Tally) Status() int {
	switch {
	case t.Bad > 0 || t == Tally{}:
		return 2
	case t.Unsolved > 0:
		return 1
	}
	return 0
}

// Lines reads puzzles of the model's task from r, as hrm solve does, and writes the
// line of JSON of each to w that hrm solve --json prints.
func (g *Guest) Lines(w io.Writer, r io.Reader, o abi.Options) (t Tally, err error) {
	if err := g.use(); err != nil {
		return t, err
	}
	in, err := puzzle.NewReader(r, g.solver.Task)
	if err != nil {
		return t, err
	}
	defer in.Close()
	on, out := g.with(o), json.NewEncoder(w)
	for i := 0; ; i++ {
		p, err := in.Next()
		if err == io.EOF {
			return t, nil
		}
		var bad *puzzle.Error
		if err != nil && !errors.As(err, &bad) {
			return t, err
		}
		a := solver.Answer{Puzzle: p, Result: runtime.Result{Err: err}}
		if err == nil {
			a = on.SolvePuzzle(context.Background(), &p)
		}
		t.add(&a)
		line := record.New(on.Task, &a)
		line.Index = i
		if err := out.Encode(line); err != nil {
			return t, err
		}
	}
}

func (t *Tally) add(a *solver.Answer) {
	switch {
	case errors.Is(a.Err, puzzle.ErrUnsolvable):
		t.Unsolved++
	case a.Err != nil:
		t.Bad++
	case a.Valid || !a.Known && a.Halted:
		t.Solved++
	default:
		t.Unsolved++
	}
}
