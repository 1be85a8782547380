package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// echo is a backend that answers every puzzle with itself, but row 2 of the
// puzzle table with nothing.
type echo struct{ config runtime.Config }

func newEcho() *loaded {
	b := &echo{runtime.Config{Family: runtime.TRM, VocabSize: 12, SeqLen: 900, HaltMaxSteps: 1, NumPuzzles: 5}}
	return &loaded{model: &runtime.Model{Config: b.config, Task: "arc"}, backend: b, task: puzzle.ARC{}}
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
	v, err := f.voter(l)
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	y := &tally{loaded: l, votes: v}
	tasks := inputs([]string{writeFile(t, "tasks.json", echoTasks)}, nil, l.task)
	if err := y.solve(t.Context(), tasks, runtime.Options{Lanes: 2}, newPrinter(l, &out, &errOut, true)); err != nil {
		t.Fatal(err)
	}
	var got []native.Record
	for line := range strings.Lines(out.String()) {
		var r native.Record
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
	if !strings.Contains(got[2].Error, "identifiers") {
		t.Errorf("unknown task: %+v", got[2])
	}
}

// The task's own form is asked about first, whatever its row.
func TestOwnFormFirst(t *testing.T) {
	ids := puzzle.NewIdentifiers([]string{"<blank>", "a_t1_0213456789", "a"})
	v := &voter{ids: ids, votes: 1}
	question := puzzle.ARCGrid{Rows: 1, Cols: 2, Cells: []uint8{3, 4}}.Tokens()
	forms := v.formsOf(&item{Puzzle: puzzle.Puzzle{Name: "a", Question: question}})
	if len(forms) != 1 || forms[0].ID != 2 || !slices.Equal(forms[0].Question, question) || !forms[0].form.last {
		t.Errorf("got %d forms, first of row %d", len(forms), forms[0].ID)
	}
}

// Without identifiers a model of many tasks cannot know which one is meant;
// an example that names its row itself needs none.
func TestNoIdentifiers(t *testing.T) {
	f := arcFlags{votes: 1}
	v, err := f.voter(newEcho())
	if err != nil {
		t.Fatal(err)
	}
	if forms := v.formsOf(&item{Puzzle: puzzle.Puzzle{Name: "a"}}); forms[0].err == nil || !strings.Contains(forms[0].err.Error(), "--identifiers FILE") {
		t.Errorf("a named task: %v", forms[0].err)
	}
	if forms := v.formsOf(&item{Puzzle: puzzle.Puzzle{ID: 3}}); len(forms) != 1 || forms[0].err != nil || forms[0].ID != 3 {
		t.Errorf("an example of a folder: %+v", forms)
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
		if _, err := c.f.voter(l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.f, err, c.want)
		}
	}
}
