package guest

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/wasm/abi"
)

// Line is the JSON form of what came of a puzzle, with the names that
// hrm solve --json uses: the question and its result, or an error.
type Line struct {
	Index    int    `json:"index"`           // from 0
	Where    string `json:"where,omitempty"` // the puzzle's place in the input
	Question string `json:"question,omitempty"`
	Valid    *bool  `json:"valid,omitempty"` // absent when the task has no rules to judge by
	*abi.Result
	Error string `json:"error,omitempty"` // why there is no answer
}

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

// Lines reads puzzles of the model's task from r, as hrm solve does, and writes a
// line of JSON for each to w.
func (g *Guest) Lines(w io.Writer, r io.Reader, o abi.Options) (t Tally, err error) {
	if err := g.use(); err != nil {
		return t, err
	}
	in, err := puzzle.NewReader(r, g.session.Task)
	if err != nil {
		return t, err
	}
	defer in.Close()
	out := json.NewEncoder(w)
	for i := 0; ; i++ {
		p, err := in.Next()
		if err == io.EOF {
			return t, nil
		}
		line, err := g.line(i, &p, err, o)
		if err == nil {
			err = out.Encode(line)
		}
		if err != nil {
			return t, err
		}
		t.add(&line)
	}
}

func (t *Tally) add(line *Line) {
	r := line.Result
	switch {
	case r == nil && line.Question == "":
		t.Bad++
	case r != nil && (r.Valid() || !r.Known && r.Halted):
		t.Solved++
	default:
		t.Unsolved++
	}
}

// line solves a puzzle, or tells of the error with which it was read. An error
// that is not about the puzzle is returned.
func (g *Guest) line(i int, p *puzzle.Puzzle, bad error, o abi.Options) (Line, error) {
	line := Line{Index: i, Where: p.Where}
	var at *puzzle.Error
	if errors.As(bad, &at) {
		line.Error = bad.Error()
		return line, nil
	} else if bad != nil {
		return line, bad
	}
	results, err := g.Solve([]abi.Puzzle{{Tokens: p.Question, Rows: p.Rows, Cols: p.Cols, ID: p.ID}}, o)
	if err != nil {
		return line, err
	}
	r := &results[0]
	if r.Error != nil {
		if line.Error = r.Error.Message; r.Error.Kind == abi.KindNoAnswer {
			line.Question = g.session.Task.Decode(p.Question)
		}
		return line, nil
	}
	line.Question, line.Result = g.session.Task.Decode(p.Question), r
	if r.Known {
		valid := r.Valid()
		line.Valid = &valid
	}
	return line, nil
}
