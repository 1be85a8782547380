package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// echo is a backend that answers every puzzle with itself, but row 2 of the
// puzzle table with nothing.
type echo struct{ config runtime.Config }

func newEcho() *loaded {
	b := &echo{runtime.Config{Family: runtime.TRM, VocabSize: 12, SeqLen: 900, HaltMaxSteps: 1, NumPuzzles: 5, PuzzleEmbDim: 1, Hidden: 1, Positions: runtime.Rope}}
	return loadedWith(&runtime.Model{Config: b.config, Task: "arc"}, b, puzzle.ARC{})
}

func (b *echo) Name() string            { return "echo" }
func (b *echo) Config() *runtime.Config { return &b.config }
func (b *echo) Close() error            { return nil }
func (b *echo) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	return &echoBatch{b, make([]runtime.Input, lanes)}, nil
}

type echoBatch struct {
	*echo
	in []runtime.Input
}

func (b *echoBatch) Reset(lane int, in runtime.Input) error {
	b.in[lane] = in
	return nil
}

func (b *echoBatch) Step(_ context.Context, lanes []int, out *runtime.Output) error {
	out.Resize(len(lanes), 0, &b.config)
	clear(out.Tokens)
	clear(out.Logits)
	for k, i := range lanes {
		out.QHalt[k] = 1
		if b.in[i].PuzzleID != 2 {
			copy(out.Tokens[900*k:], b.in[i].Tokens)
		}
	}
	return nil
}

const echoTasks = `{
	"known": {"train": [{"input": [[1]], "output": [[1]]}],
		"test": [{"input": [[1,2,3],[4,5,6]], "output": [[1,2,3],[4,5,6]]}, {"input": [[7,8]], "output": [[8,7]]}]},
	"unknown": {"train": [{"input": [[1]], "output": [[1]]}], "test": [{"input": [[1]]}]}}`

func TestVotes(t *testing.T) {
	l := newEcho()
	names := writeFile(t, "identifiers.json", `["<blank>", "known_t1_0213456789", "known_t6_0987654321", "known", "other"]`)
	f := arcFlags{identifiers: names, votes: 16}
	options := once
	options.Votes, _ = f.know(l)
	var out, errOut bytes.Buffer
	y := &tally{loaded: l, options: options}
	tasks := inputs([]string{writeFile(t, "tasks.json", echoTasks)}, nil, l.task)
	if err := y.solve(t.Context(), tasks, newPrinter(l, &out, &errOut, true)); err != nil {
		t.Fatal(err)
	}
	var got []record.Record
	for line := range strings.Lines(out.String()) {
		var r record.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 3 || y.solved != 1 || y.unsolved != 1 || y.bad != 1 {
		t.Fatalf("%d solved, %d not, %d bad: %s", y.solved, y.unsolved, y.bad, out.String())
	}
	if r := got[0]; r.Solution == nil || r.Answer != "[[1,2,3],[4,5,6]]" || r.Second != "[]" || !*r.Valid || r.Attempts != 3 {
		t.Errorf("got %+v", r.Solution)
	}
	if r := got[1]; r.Index != 1 || r.Solution == nil || *r.Valid || r.Answer != "[[7,8]]" {
		t.Errorf("got %+v", r.Solution)
	}
	if !strings.Contains(got[2].Error, "none of the 5 that the model knows") {
		t.Errorf("unknown task: %+v", got[2])
	}
}

// Without names a model of many tasks cannot know which one is meant; an example that
// names its row itself needs none.
func TestNoIdentifiers(t *testing.T) {
	l := newEcho()
	if _, err := (&arcFlags{votes: 1}).know(l); err != nil {
		t.Fatal(err)
	}
	task := puzzle.ARCTask{ID: "a", Test: []puzzle.ARCPair{{Input: puzzle.ARCGrid{Rows: 1, Cols: 2, Cells: []uint8{3, 4}}}}}
	p := task.Puzzle(0)
	if a := l.solver.SolvePuzzle(t.Context(), &p); !errors.Is(a.Err, solver.ErrWhich) || !strings.Contains(a.Err.Error(), "identifiers.json") {
		t.Errorf("a named task: %v", a.Err)
	}
	p.Task, p.ID = nil, 3
	if a := l.solver.SolvePuzzle(t.Context(), &p); a.Err != nil || a.Text != "[[3,4]]" {
		t.Errorf("an example of a folder: %+v", a)
	}
}

func TestVoterErrors(t *testing.T) {
	l := newEcho()
	for _, c := range []struct {
		f    arcFlags
		want string
	}{
		{arcFlags{votes: 0, identifiers: "x"}, "want 1 or more"},
		{arcFlags{votes: 1, identifiers: "no/such"}, "no/such"},
		{arcFlags{votes: 1, identifiers: writeFile(t, "a", `{"a": 1}`)}, "identifiers"},
		{arcFlags{votes: 1, identifiers: writeFile(t, "b", `["a","b","c","d","e","f"]`)}, "do not belong together"},
	} {
		if _, err := c.f.know(l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.f, err, c.want)
		}
	}
}
