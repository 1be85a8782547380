package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

func arcRow(cells ...uint8) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: 1, Cols: len(cells), Cells: cells}
}

// alike is a set of weight 1.
func alike(tasks []puzzle.ARCTask) []ARCSet { return []ARCSet{{tasks, 1}} }

func streamTasks() []puzzle.ARCTask {
	return []puzzle.ARCTask{
		{ID: "a", Train: []puzzle.ARCPair{{Input: arcRow(1, 2), Output: arcRow(2, 1)}, {Input: arcRow(3, 4), Output: arcRow(4, 3)}},
			Test: []puzzle.ARCPair{{Input: arcRow(5, 6), Output: arcRow(6, 5)}}},
		{ID: "b", Train: []puzzle.ARCPair{{Input: arcRow(1, 2, 3), Output: arcRow(1)}}, Test: []puzzle.ARCPair{{Input: arcRow(4, 4, 4)}}},
	}
}

type drawnExample struct {
	tokens, labels []int32
	rows, cols     int
	row            int32
}

func drawAll(t *testing.T, s *ARCStream, n uint64) (out []drawnExample) {
	t.Helper()
	for i := range n {
		e := drawnExample{tokens: make([]int32, s.Task().SeqLen()), labels: make([]int32, s.Task().SeqLen())}
		e.rows, e.cols, e.row = s.Example(i, e.tokens, e.labels)
		out = append(out, e)
	}
	return out
}

func sameExamples(a, b []drawnExample) bool {
	return slices.EqualFunc(a, b, func(x, y drawnExample) bool {
		return slices.Equal(x.tokens, y.tokens) && slices.Equal(x.labels, y.labels) && x.rows == y.rows && x.cols == y.cols && x.row == y.row
	})
}

// Each example is a function of its number, and each task is drawn once in an epoch.
func TestARCStream(t *testing.T) {
	s, err := NewARCStream(alike(streamTasks()), ARCStreamOptions{Seed: 7, Forms: 0})
	if err != nil {
		t.Fatal(err)
	}
	first := drawAll(t, s, 40)
	if !sameExamples(first, drawAll(t, s, 40)) {
		t.Error("drawn again they are others")
	}
	for i := 0; i < 40; i += 2 {
		if first[i].row+first[i+1].row != 3 {
			t.Errorf("epoch %d has rows %d and %d", i/2, first[i].row, first[i+1].row)
		}
	}
	if s.Pairs() != 3 || !slices.Equal(s.Names(), []string{"<blank>", "a", "b"}) {
		t.Errorf("%d pairs of %v", s.Pairs(), s.Names())
	}
	if other, _ := NewARCStream(alike(streamTasks()), ARCStreamOptions{Seed: 8, Forms: 0}); sameExamples(first, drawAll(t, other, 40)) {
		t.Error("another seed draws the same")
	}
}

// Few forms are the first of a list that whoever asks the model knows too.
func TestARCStreamForms(t *testing.T) {
	tasks := streamTasks()[:1]
	s, err := NewARCStream(alike(tasks), ARCStreamOptions{Seed: 7, Forms: 3})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int32]int{}
	for _, e := range drawAll(t, s, 60) {
		if e.tokens[1] != 20 || e.tokens[2] != 21 { // colours 1 and 2 for themselves
			t.Errorf("the legend is %v", e.tokens)
		}
		seen[e.tokens[0]-12]++
	}
	if len(seen) != 3 || seen[0] == 0 || seen[1] == 0 || seen[2] == 0 {
		t.Errorf("forms are turned as %v", seen)
	}
	if _, err := NewARCStream(alike(tasks), ARCStreamOptions{Seed: 7, Forms: -1}); err == nil {
		t.Error("a negative number of forms")
	}
}

// A wrong output of a test changes nothing that training sees.
func TestARCStreamIgnoresTestOutputs(t *testing.T) {
	s, err := NewARCStream(alike(streamTasks()), ARCStreamOptions{Seed: 7, Forms: 0})
	if err != nil {
		t.Fatal(err)
	}
	planted := streamTasks()
	planted[0].Test[0].Output = puzzle.ARCGrid{Rows: 2, Cols: 3, Cells: []uint8{9, 9, 9, 9, 9, 9}}
	p, err := NewARCStream(alike(planted), ARCStreamOptions{Seed: 7, Forms: 0})
	if err != nil {
		t.Fatal(err)
	}
	if s.Hash() != p.Hash() || !sameExamples(drawAll(t, s, 100), drawAll(t, p, 100)) {
		t.Error("a wrong test output changes what training sees")
	}
	planted[0].Train[0].Output = arcRow(9, 9)
	if p, _ = NewARCStream(alike(planted), ARCStreamOptions{Seed: 7, Forms: 0}); s.Hash() == p.Hash() {
		t.Error("another demonstration has the same hash")
	}
}

// A set of weight w is drawn w times in an epoch, and each of its tasks before one is
// drawn again.
func TestARCStreamWeight(t *testing.T) {
	for _, weight := range []float64{0.3, 1, 2.5} {
		first, second := namedTasks("a", 4), namedTasks("b", 10)
		s, err := NewARCStream([]ARCSet{{first, 1}, {second, weight}}, ARCStreamOptions{Seed: 7, Forms: 0})
		if err != nil {
			t.Fatal(err)
		}
		epochs := 10
		length := 4 + int(10*weight)
		counts := map[int32]int{}
		for _, e := range drawAll(t, s, uint64(epochs*length)) {
			counts[e.row]++
		}
		for row := range int32(14) {
			want := epochs
			if row >= 4 {
				want = int(float64(epochs) * weight)
			}
			if counts[row+1] != want {
				t.Errorf("weight %v: task %d was drawn %d times, want %d", weight, row, counts[row+1], want)
			}
		}
	}
}

func namedTasks(name string, n int) (tasks []puzzle.ARCTask) {
	for i := range n {
		task := streamTasks()[0]
		task.ID = fmt.Sprint(name, i)
		tasks = append(tasks, task)
	}
	return tasks
}

func TestARCStreamRefuses(t *testing.T) {
	twice := append(streamTasks(), streamTasks()[0])
	bare := streamTasks()
	bare[1].Train = nil
	for name, tasks := range map[string][]puzzle.ARCTask{"no tasks": nil, "a name twice": twice, "no demonstrations": bare} {
		if _, err := NewARCStream(alike(tasks), ARCStreamOptions{Seed: 0, Forms: 0}); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, weight := range []float64{0, -1, math.NaN(), math.Inf(1), 1e9} {
		if _, err := NewARCStream([]ARCSet{{streamTasks(), weight}}, ARCStreamOptions{Seed: 0, Forms: 0}); !errors.Is(err, ErrData) {
			t.Errorf("weight %v: %v", weight, err)
		}
	}
}
