package data

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestGenerateARC(t *testing.T) {
	tasks, err := GenerateARC(300, 4, 5, 7)
	if err != nil || len(tasks) != 300 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	again, err := GenerateARC(300, 4, 5, 7)
	if err != nil || !reflect.DeepEqual(tasks, again) {
		t.Errorf("the same arguments gave other tasks, %v", err)
	}
	ids := map[string]bool{}
	for _, task := range tasks {
		pairs := append(task.Train, task.Test...)
		if ids[task.ID] || len(task.Train) != 4 || len(task.Test) != 1 {
			t.Fatalf("task %s: %d demonstrations, %d tests", task.ID, len(task.Train), len(task.Test))
		}
		ids[task.ID] = true
		unchanged := 0
		for i, p := range pairs {
			if p.Input.Rows != 5 || p.Input.Cols != 5 || len(p.Output.Cells) != 25 {
				t.Fatalf("task %s: %v", task.ID, p)
			}
			for _, c := range append(p.Input.Cells, p.Output.Cells...) {
				if c > 9 {
					t.Fatalf("task %s: colour %d", task.ID, c)
				}
			}
			if bytes.Equal(p.Input.Cells, p.Output.Cells) {
				unchanged++
			}
			for _, q := range pairs[:i] {
				if bytes.Equal(p.Input.Cells, q.Input.Cells) {
					t.Errorf("task %s shows one grid twice", task.ID)
				}
			}
		}
		if unchanged > 1 {
			t.Errorf("task %s leaves %d of %d grids as they are", task.ID, unchanged, len(pairs))
		}
	}
	for _, bad := range [][3]int{{-1, 3, 5}, {1, 0, 5}, {1, 3, 2}, {1, 3, 31}} {
		if _, err := GenerateARC(bad[0], bad[1], bad[2], 1); !errors.Is(err, ErrData) {
			t.Errorf("%v: %v, want ErrData", bad, err)
		}
	}
}

// A rule is a function of the grid, whatever its side.
func TestRulesAreFunctions(t *testing.T) {
	for seed := range uint64(4000) {
		m := ruleMaker{Rand: rand.New(rand.NewPCG(seed, 3)), side: 3 + int(seed%7)}
		rule, source := m.rule(), m.source()
		for range 3 {
			in := source()
			first, second := rule(in.clone()), rule(in.clone())
			if first.side != in.side || !bytes.Equal(first.cells, second.cells) {
				t.Fatalf("seed %d: %v gives %v and %v", seed, in, first, second)
			}
		}
	}
}

// Steps do what they are called.
func TestRuleSteps(t *testing.T) {
	in := board{3, []byte{0, 5, 0, 0, 0, 0, 2, 0, 0}}
	for name, c := range map[string]struct {
		step func(*ruleMaker) rule
		want [][]byte // one of these
	}{
		"gravity": {(*ruleMaker).gravity, [][]byte{{0, 0, 0, 0, 0, 0, 2, 5, 0}, {5, 0, 0, 0, 0, 0, 2, 0, 0}, {0, 0, 5, 0, 0, 0, 0, 0, 2}, {2, 5, 0, 0, 0, 0, 0, 0, 0}}},
		"lines":   {(*ruleMaker).lines, [][]byte{{5, 5, 5, 0, 0, 0, 2, 2, 2}, {2, 5, 0, 2, 5, 0, 2, 5, 0}, {5, 5, 5, 2, 5, 0, 2, 5, 2}, {2, 5, 5, 2, 5, 0, 2, 5, 2}}},
		"sorted":  {(*ruleMaker).sorted, [][]byte{{0, 5, 0, 0, 0, 0, 2, 0, 0}, {0, 0, 5, 0, 0, 0, 0, 2, 0}}},
	} {
		for seed := range uint64(40) {
			m := ruleMaker{Rand: rand.New(rand.NewPCG(seed, 5)), side: 3}
			got := c.step(&m)(in.clone())
			known := false
			for _, want := range c.want {
				known = known || bytes.Equal(got.cells, want)
			}
			if !known {
				t.Errorf("%s, seed %d: %v", name, seed, got.cells)
				break
			}
		}
	}
	hollow := board{3, []byte{1, 1, 1, 1, 0, 1, 1, 1, 1}}
	if out := outside(hollow); out[4] {
		t.Error("the middle of a ring is outside")
	}
	if n := len(in.objects()); n != 2 {
		t.Errorf("%d objects, want 2", n)
	}
}
