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

// Lines reads puzzles of the model's task from r, as text, CSV or JSON, and
// writes a line of JSON for each to w. It returns the number of puzzles that
// have no valid answer.
func (g *Guest) Lines(w io.Writer, r io.Reader, o abi.Options) (unsolved int, err error) {
	if err := g.use(); err != nil {
		return 0, err
	}
	in, err := puzzle.NewReader(r, g.session.Task)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out := json.NewEncoder(w)
	for i := 0; ; i++ {
		p, err := in.Next()
		if err == io.EOF {
			return unsolved, nil
		}
		line, solved, err := g.line(i, &p, err, o)
		if err == nil {
			err = out.Encode(line)
		}
		if err != nil {
			return unsolved, err
		}
		if !solved {
			unsolved++
		}
	}
}

// line solves a puzzle, or tells of the error with which it was read. An error
// that is not about the puzzle is returned.
func (g *Guest) line(i int, p *puzzle.Puzzle, bad error, o abi.Options) (Line, bool, error) {
	line := Line{Index: i, Where: p.Where}
	var at *puzzle.Error
	if errors.As(bad, &at) {
		line.Error = bad.Error()
		return line, false, nil
	} else if bad != nil {
		return line, false, bad
	}
	results, err := g.Solve([]abi.Puzzle{{Tokens: p.Question, Rows: p.Rows, Cols: p.Cols, ID: p.ID}}, o)
	if err != nil {
		return line, false, err
	}
	r := &results[0]
	if r.Error != nil {
		line.Error = r.Error.Message
		return line, false, nil
	}
	line.Question, line.Result = g.session.Task.Decode(p.Question), r
	if r.Known {
		valid := r.Valid()
		line.Valid = &valid
	}
	return line, r.Valid() || !r.Known && r.Halted, nil
}
