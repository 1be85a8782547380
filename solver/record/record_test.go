package record

import (
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// A grid that is no square says its size.
func TestSize(t *testing.T) {
	task := puzzle.Maze{Rows: 30, Cols: 30}
	p, err := puzzle.Parse(task, "S..\n..G")
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := p.Of(task).(puzzle.Maze).Solve(p.Question)
	if err != nil {
		t.Fatal(err)
	}
	known, why := solver.Judge(p.Of(task), &p, answer)
	a := solver.Answer{Puzzle: p, Text: p.Of(task).Decode(answer), Known: known, Valid: why == nil, Why: why}
	a.Attempt = runtime.Attempt{Tokens: answer}
	rec := New(task, &a)
	if rec.Rows != 2 || rec.Cols != 3 || rec.Answer != "S  ooG" || rec.Length != 3 || !*rec.Shortest || !*rec.Valid {
		t.Errorf("%+v %+v", rec, rec.Solution)
	}
}
