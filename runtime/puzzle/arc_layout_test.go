package puzzle

import (
	"bufio"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// arcGrid makes a grid of rows of digits.
func arcGrid(rows ...string) ARCGrid {
	g := ARCGrid{Rows: len(rows), Cols: len(rows[0])}
	for _, row := range rows {
		for _, c := range row {
			g.Cells = append(g.Cells, uint8(c-'0'))
		}
	}
	return g
}

func TestLayoutTokens(t *testing.T) {
	task := ARCTask{
		Train: []ARCPair{{arcGrid("030", "005"), arcGrid("3", "5")}},
		Test:  []ARCPair{{Input: arcGrid("007", "300")}},
	}
	l := NewARCLayout(&task, false)
	turned := Augmentation{Dihedral: 6, Colors: [10]uint8{0, 1, 2, 9, 4, 3, 6, 8, 7, 5}}
	rows, cols := l.Size(&turned, task.Train[0].Input)
	if rows != 5 || cols != 2 { // a legend of four tokens above 3 x 2
		t.Fatalf("the form has %d x %d tokens, want 5 x 2", rows, cols)
	}
	question, labels := make([]int32, rows*cols), make([]int32, rows*cols)
	l.Question(&turned, task.Train[0].Input, question)
	want := []int32{12 + 6, 20 + 8, 20 + 2, 20 + 7, 2, 2, 2 + 9, 2, 2, 2 + 3}
	if !slices.Equal(question, want) {
		t.Errorf("the question is %v, want %v", question, want)
	}
	if !l.Labels(&turned, task.Train[0], -100, labels) {
		t.Fatal("the output does not fit")
	}
	if want := []int32{-100, -100, -100, -100, 2 + 9, 2 + 3, 1, 1, -100, -100}; !slices.Equal(labels, want) {
		t.Errorf("the labels are %v, want %v", labels, want)
	}
}

func TestLayoutUndoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	grid := func(rows, cols int) ARCGrid {
		g := ARCGrid{Rows: rows, Cols: cols, Cells: make([]uint8, rows*cols)}
		for i := range g.Cells {
			g.Cells[i] = uint8(rng.IntN(10))
		}
		return g
	}
	for range 500 {
		var task ARCTask
		for range 1 + rng.IntN(3) {
			task.Train = append(task.Train, ARCPair{grid(1+rng.IntN(30), 1+rng.IntN(30)), grid(1+rng.IntN(30), 1+rng.IntN(30))})
		}
		l, a := NewARCLayout(&task, false), RandomAugmentation(rng)
		for _, p := range task.Train {
			rows, cols := l.Size(&a, p.Input)
			if rows > maxARCRows || cols > ARCSide {
				t.Fatalf("a form of %d x %d tokens", rows, cols)
			}
			labels := make([]int32, rows*cols)
			if !l.Labels(&a, p, 0, labels) {
				t.Fatal("a demonstration does not fit the canvas of its task")
			}
			if got := l.Answer(&a, p.Input, labels); !got.Equal(p.Output) {
				t.Fatalf("%v became %v", p.Output, got)
			}
		}
	}
}

func TestLayoutSizes(t *testing.T) {
	for name, c := range map[string]struct {
		pairs    [][2]int
		in, want int
	}{
		"as the input":           {[][2]int{{3, 3}, {7, 7}}, 12, 12},
		"always three":           {[][2]int{{9, 3}, {7, 3}}, 5, 5},
		"always three of two":    {[][2]int{{9, 3}, {7, 3}}, 2, 3},
		"twice":                  {[][2]int{{2, 4}, {3, 6}}, 5, 10},
		"a third":                {[][2]int{{9, 3}, {6, 2}}, 12, 12},
		"no rule":                {[][2]int{{2, 5}, {3, 4}}, 1, 5},
		"never more than thirty": {[][2]int{{2, 6}, {3, 9}}, 20, 30},
	} {
		if got := newSizeRule(c.pairs).of(c.in); got != c.want {
			t.Errorf("%s: a canvas of %d rows for an input of %d, want %d", name, got, c.in, c.want)
		}
	}
}

// What a model sees of a task does not depend on the outputs of its tests.
func TestLayoutIgnoresTestOutputs(t *testing.T) {
	task := ARCTask{Train: []ARCPair{{arcGrid("12"), arcGrid("21")}}, Test: []ARCPair{{Input: arcGrid("31")}}}
	before := NewARCLayout(&task, false)
	task.Test[0].Output = arcGrid("987", "987")
	after := NewARCLayout(&task, false)
	if before.rows != after.rows || before.cols != after.cols || !slices.Equal(before.colors, after.colors) {
		t.Errorf("the layout became %+v, want %+v", after, before)
	}
	if l := task.Lessons(true); len(l.Train) != 1 || len(l.Test[0].Output.Cells) > 0 {
		t.Errorf("the lessons are %+v", l)
	}
	if l := task.Lessons(false); len(l.Train) != 2 {
		t.Errorf("all lessons are %+v", l)
	}
}

// A whole task is a puzzle when it has one test; a grid alone is one without a task.
func TestParseARCTask(t *testing.T) {
	p, err := Parse(ARC{}, ` {"id": "a", "train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]]}]}`)
	if err != nil || p.Name != "a" || p.Task == nil || len(p.Task.Train) != 1 || ARC.Decode(ARC{}, p.Question) != "[[3]]" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = Parse(ARC{}, `[[3]]`); err != nil || p.Task != nil {
		t.Errorf("a grid: %+v, %v", p, err)
	}
	for _, bad := range []string{`{}`, `{"test": [{"input": [[3]]}, {"input": [[4]]}]}`, `{"test": [{"input": [[30]]}]}`, `{`} {
		if p, err := Parse(ARC{}, bad); err == nil {
			t.Errorf("%s is taken: %+v", bad, p)
		}
	}
}

func TestARCSpec(t *testing.T) {
	task, err := New("arc", map[string]any{"rows": 7, "cols": 5})
	if err != nil || task.SeqLen() != 35 || task.Vocab() != 29 || len(Spec(task)) != 2 {
		t.Errorf("%+v: %v", task, err)
	}
	if Spec(ARC{}) != nil || (ARC{}).Vocab() != 12 || (ARC{}).SeqLen() != 900 {
		t.Error("the published canvas is not what it was")
	}
	for _, bad := range []map[string]any{{"rows": 7}, {"rows": 7, "cols": 31}, {"rows": -1, "cols": 3}, {"side": 3}} {
		if _, err := New("arc", bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

// Whatever a file holds, its demonstrations fit their canvas in every form, and come back.
func FuzzARCLayout(f *testing.F) {
	f.Add(`{"train": [{"input": [[1]], "output": [[2, 3], [4, 5]]}], "test": [{"input": [[3, 3, 3]]}]}`, uint(6))
	f.Add(`{"train": [{"input": [[0]], "output": [[0]]}, {"input": [[1, 2]], "output": [[0, 9, 0]]}]}`, uint(77))
	f.Fuzz(func(t *testing.T, text string, form uint) {
		task, err := newARCReader(bufio.NewReaderSize(strings.NewReader(text), 16), "").Next()
		if err != nil {
			return
		}
		l, a := NewARCLayout(&task, false), NumberedAugmentation(int(form%1000))
		for _, p := range task.Train {
			if len(p.Input.Cells) == 0 || len(p.Output.Cells) == 0 {
				continue
			}
			rows, cols := l.Size(&a, p.Input)
			if rows > maxARCRows || cols > ARCSide {
				t.Fatalf("a form of %d x %d tokens", rows, cols)
			}
			tokens := make([]int32, rows*cols)
			l.Question(&a, p.Input, tokens)
			if !l.Labels(&a, p, 0, tokens) || !l.Answer(&a, p.Input, tokens).Equal(p.Output) {
				t.Fatalf("%v did not come back", p.Output)
			}
		}
	})
}
