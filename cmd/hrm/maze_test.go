package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

var directions = puzzle.Maze{Rows: 5, Cols: 5, Directions: true}

// guide is a backend that says the right step of every cell, but of those in wrong.
type guide struct {
	oracle
	wrong map[int]int32
}

func newGuide(wrong map[int]int32) *loaded {
	c := runtime.Config{Family: runtime.TRM, VocabSize: directions.Vocab(), SeqLen: 25, HaltMaxSteps: 4}
	g := &guide{oracle{config: c}, wrong}
	return loadedWith(&runtime.Model{Config: c, Task: "maze"}, g, directions)
}

func (g *guide) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	return &guideBatch{g, make([][]int32, lanes)}, nil
}

type guideBatch struct {
	*guide
	lanes [][]int32
}

func (b *guideBatch) Reset(lane int, in runtime.Input) (err error) {
	b.lanes[lane], err = directions.Labels(in.Tokens, nil)
	return err
}

func (b *guideBatch) Step(_ context.Context, lanes []int, out *runtime.Output) error {
	out.Resize(len(lanes), 0, &b.config)
	for k, i := range lanes {
		tokens := out.Tokens[25*k : 25*(k+1)]
		copy(tokens, b.lanes[i])
		for cell, token := range b.wrong {
			tokens[cell] = token
		}
		out.QHalt[k] = 1
	}
	return nil
}

const (
	openMaze = "S....\n.....\n.....\n.....\n....G"
	openPath = "S    o    o    o    ooooG"
)

// The path is read off the directions, and its length is told.
func TestSolveDirections(t *testing.T) {
	detour := map[int]int32{0: puzzle.MazeRight, 1: puzzle.MazeUp}
	longer := map[int]int32{20: puzzle.MazeUp} // back where it came from
	around := map[int]int32{10: puzzle.MazeRight, 11: puzzle.MazeRight, 12: puzzle.MazeUp, 7: puzzle.MazeUp, 2: puzzle.MazeRight, 3: puzzle.MazeRight}
	const none = "S                       G" // what leads nowhere is not kept
	for _, c := range []struct {
		name, answer string
		wrong        map[int]int32
		length       int
		shortest     any
		reason       string
	}{
		{"right", openPath, nil, 8, true, ""},
		{"not a step that is looked at", openPath, map[int]int32{4: puzzle.MazeUp, 3: puzzle.MazePath}, 8, true, ""},
		{"out of the maze", none, detour, 0, nil, "does not connect"},
		{"a circle", none, longer, 0, nil, "does not connect"},
		{"longer", "S oooo o oooo o    o    G", around, 12, false, "the shortest has 8"},
	} {
		l := newGuide(c.wrong)
		var out, errOut bytes.Buffer
		y := &tally{loaded: l, options: once}
		print := newPrinter(l, &out, &errOut, true)
		if err := y.solve(t.Context(), inputs([]string{openMaze}, nil, l.task), print); err != nil {
			t.Fatal(err)
		}
		var rec map[string]any
		if err := json.Unmarshal(out.Bytes(), &rec); err != nil {
			t.Fatalf("%s: %v in %s%s", c.name, err, &out, &errOut)
		}
		length, _ := rec["length"].(float64)
		reason, _ := rec["reason"].(string)
		if rec["answer"] != c.answer || int(length) != c.length || rec["shortest"] != c.shortest || !strings.Contains(reason, c.reason) || rec["valid"] != (c.reason == "") {
			t.Errorf("%s: %v", c.name, rec)
		}
	}
}

// Any shortest path is valid; exact is the published one, which is found where a
// file has none.
func TestEvalDirections(t *testing.T) {
	l := newGuide(map[int]int32{0: puzzle.MazeRight}) // another shortest path
	f := &evalFlags{data: []string{writeFile(t, "mazes.txt", openMaze+"\n\n"+strings.Replace(openMaze, "S..", "..S", 1))}, thinkFlags: thinkFlags{halt: "learned"}}
	var errOut strings.Builder
	items, err := f.read(l, nil, &errOut)
	if err != nil {
		t.Fatal(err, errOut.String())
	}
	r := newReport(l, f)
	if err := r.measure(t.Context(), items, once, &errOut); err != nil {
		t.Fatal(err)
	}
	size := r.BySize["5x5"]
	if r.Puzzles != 2 || r.ExactAccuracy != 0.5 || *r.ValidAccuracy != 1 || size == nil || size.Puzzles != 2 || *size.ValidAccuracy != 1 {
		t.Errorf("%+v, %+v", r.score, size)
	}
}

// The wave and the path are drawn.
func TestDrawDirections(t *testing.T) {
	q, err := puzzle.Parse(directions, openMaze)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := directions.Labels(q.Question, nil)
	if err != nil {
		t.Fatal(err)
	}
	sure := slices.Repeat([]float32{1}, 25)
	sure[1] = 0.4
	for _, c := range []struct {
		p    picture
		want string
	}{
		{picture{sure: sure}, "S · ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n→ → → → G"},
		{picture{final: true, lit: make([]bool, 25)}, "S ↓ ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n↓ ↓ ↓ ↓ ↓\n→ → → → G"},
		{picture{final: true, sure: sure}, "S ↓ ↓ ↓ ↓\n● ↓ ↓ ↓ ↓\n● ↓ ↓ ↓ ↓\n● ↓ ↓ ↓ ↓\n● ● ● ● G"},
	} {
		c.p.tokens, c.p.given = labels, q.Question
		if got := strings.Join(draw(directions, c.p, false), "\n"); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

// What clashes and what changed is marked, in colour and without.
func TestDrawClashesAndChanges(t *testing.T) {
	q, err := puzzle.Parse(puzzle.Sudoku{}, easy)
	if err != nil {
		t.Fatal(err)
	}
	tokens := slices.Clone(q.Question)
	tokens[2], tokens[3] = 1+5, 1+6 // a second 5 in the row and box; a 6
	p := picture{tokens: tokens, given: q.Question}
	p.before, _, _ = (&picture{tokens: q.Question, given: q.Question}).look(puzzle.Sudoku{})
	if _, changed, clashing := p.look(puzzle.Sudoku{}); changed != 2 || clashing < 2 {
		t.Errorf("%d changed, %d clash", changed, clashing)
	}
	for color, want := range map[bool]string{false: "│ 5!3 5!│ 6*7 · │ · · · │", true: "\x1b[" + clashStyle + "m5\x1b[0m!"} {
		if got := draw(puzzle.Sudoku{}, p, color)[1]; !strings.Contains(got, want) {
			t.Errorf("%q, want %q in it", got, want)
		}
	}
}
