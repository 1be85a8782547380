package data

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

const someTasks = `{"splits": {
"training": {"a": {"train": [{"input": [[1,2],[0,3]], "output": [[4,5,6]]}, {"input": [[7]], "output": [[8]]}],
                   "test": [{"input": [[1,1,2]], "output": [[3]]}]}},
"evaluation": {"b": {"train": [{"input": [[1,2],[3,4]], "output": [[5]]}], "test": [{"input": [[6,7]], "output": [[8,9]]}]}}}}`

func someARC(t testing.TB, augmentations int) *ARCData {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tasks.json")
	if err := os.WriteFile(file, []byte(someTasks), 0o644); err != nil {
		t.Fatal(err)
	}
	tasks, err := LoadARC(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewARC(tasks, ARCOptions{Seed: 1, Augmentations: augmentations})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestARCSplits(t *testing.T) {
	d := someARC(t, 10)
	if d.Train.Len() != 4 || d.Test.Len() != 1 || d.Train.NumPuzzles != 23 || len(d.Identifiers) != 23 {
		t.Errorf("%d and %d examples, %d ids, %d names", d.Train.Len(), d.Test.Len(), d.Train.NumPuzzles, len(d.Identifiers))
	}
	if d.Identifiers[1] != "a" || d.Identifiers[12] != "b" || d.Test.ID(0) != 12 {
		t.Errorf("names %v, id %d", d.Identifiers, d.Test.ID(0))
	}
	input, label := make([]int32, 900), make([]int32, 900)
	d.Test.Example(0, input, label)
	if got := (puzzle.ARC{}).Decode(input); got != "[[6,7]]" || label[0] != 10 || label[2] != puzzle.ARCEnd || label[3] != Ignore {
		t.Errorf("input %s, label %v", got, label[:4])
	}
}

// Every draw, undone as its identifier says, is the task's own pair.
func TestARCDraws(t *testing.T) {
	d := someARC(t, 50)
	ids := puzzle.NewIdentifiers(d.Identifiers)
	input, label := make([]int32, 900), make([]int32, 900)
	rng := rand.New(rand.NewPCG(1, 1))
	moved, seen := 0, map[int32]bool{}
	for n := range 2000 {
		i := n % d.Train.Len()
		id := d.Train.Draw(rng, i, false, input, label)
		seen[id] = true
		row, col := corner(input)
		if row+col > 0 {
			moved++
			if i == 3 {
				t.Fatal("a task for evaluation was translated")
			}
		}
		name := []string{"a", "a", "a", "b"}[i]
		variants, _ := ids.Variants(name)
		k := slices.IndexFunc(variants, func(v puzzle.Variant) bool { return v.ID == id })
		if k < 0 {
			t.Fatalf("id %d is no form of task %s", id, name)
		}
		back := variants[k].Undo(puzzle.Crop(input, row, col))
		want := puzzle.Crop(example(d.Train, i), 0, 0)
		if !back.Equal(want) {
			t.Fatalf("example %d drawn as %v, want %v", i, back, want)
		}
	}
	if len(seen) < 90 || moved < 800 {
		t.Errorf("%d forms, %d translated", len(seen), moved)
	}
	if n := testing.AllocsPerRun(100, func() { d.Train.Draw(rng, 0, false, input, label) }); n != 0 {
		t.Errorf("%v allocations a draw, want 0", n)
	}
}

func example(s *Set, i int) []int32 {
	input, label := make([]int32, 900), make([]int32, 900)
	s.Example(i, input, label)
	return input
}

// corner returns where the grid on a canvas begins.
func corner(canvas []int32) (row, col int) {
	i := slices.IndexFunc(canvas, func(t int32) bool { return t > puzzle.ARCEnd })
	return i / 30, i % 30
}

func TestARCForms(t *testing.T) {
	grid := func(c uint8) puzzle.ARCGrid { return puzzle.ARCGrid{Rows: 1, Cols: 1, Cells: []uint8{c}} }
	one := puzzle.ARCTask{Train: []puzzle.ARCPair{{Input: grid(0), Output: grid(1)}}}
	// Only the colour of the output can change: 9 forms.
	if got := len(forms(&one, 100, rand.New(rand.NewPCG(1, 1)))); got != 9 {
		t.Errorf("%d forms of a task with 9", got)
	}
}

func TestARCFilter(t *testing.T) {
	d, err := puzzle.NewARCReader(strings.NewReader(someTasks))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := d.Next()
	b, _ := d.Next()
	f := NewARCFilter()
	f.Ban(&a)
	if f.Keep(&a) || !f.Keep(&b) {
		t.Error("the filter takes one task for another")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		aug := puzzle.RandomAugmentation(rng)
		twin := puzzle.ARCTask{Train: []puzzle.ARCPair{{Input: aug.Apply(a.Train[0].Input), Output: aug.Apply(a.Train[0].Output)}}}
		if f.Keep(&twin) {
			t.Fatal("an augmented pair passed")
		}
	}
}

func TestARCFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evaluation")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	task := `{"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]], "output": [[4]]}]}`
	for name, data := range map[string]string{"0a.json": task, "0b.json": task, "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tasks, err := LoadARC(context.Background(), dir)
	if err != nil || len(tasks) != 2 || tasks[1].ID != "0b" || tasks[1].Split != "evaluation" {
		t.Errorf("%v, %v", tasks, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadARC(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "1.json: line 1") {
		t.Errorf("a broken file: %v", err)
	}
}

// Of ARC-AGI-2's training tasks hundreds are ARC-AGI-1's evaluation tasks.
func TestRealARCOverlap(t *testing.T) {
	one, err := LoadARC(context.Background(), shared.Dir(t, "data", "arc", "arc1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := LoadARC(context.Background(), shared.Dir(t, "data", "arc", "arc2.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	f := NewARCFilter()
	for i := range one {
		if one[i].Split == evaluation {
			f.Ban(&one[i])
		}
	}
	dropped := 0
	for i := range two {
		if two[i].Split == "training" && !f.Keep(&two[i]) {
			dropped++
		}
	}
	if dropped < 376 || dropped > 400 {
		t.Errorf("%d tasks left out, want 376 and few more", dropped)
	}
	d, err := NewARC(one, ARCOptions{Seed: 1, Augmentations: 20})
	if err != nil || d.Train.Len() < 2000 || d.Test.Len() < 400 {
		t.Errorf("%v", err)
	}
}

func BenchmarkARCDraw(b *testing.B) {
	d := someARC(b, 50)
	input, label := make([]int32, 900), make([]int32, 900)
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		d.Train.Draw(rng, 0, false, input, label)
	}
}

// Answers of evaluation that lie in a file of their own are evaluated, and
// never trained on.
func TestARCSolutions(t *testing.T) {
	questions := `{"a": {"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]]}, {"input": [[4]]}]}}`
	solutions := `{"a": [[[6]], [[7]]]}`
	for name, c := range map[string]struct {
		file        string
		as          string
		train, test int // examples; -1: refused
	}{
		"evaluation by name":  {"arc-agi_evaluation_challenges.json", "", 1, 2},
		"second evaluation":   {"arc-agi_evaluation2_challenges.json", "", 1, 2},
		"training by name":    {"arc-agi_training_challenges.json", "", 3, 0},
		"a name that is none": {"my_challenges.json", "", -1, 0},
		"evaluation by flag":  {"my_challenges.json", "evaluation", 1, 2},
		"training by flag":    {"my_challenges.json", "training", 3, 0},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, c.file)
		for path, text := range map[string]string{file: questions, strings.Replace(file, "challenges", "solutions", 1): solutions} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tasks, err := ARCLoader{Split: c.as}.Load(t.Context(), file)
		if c.train < 0 {
			if err == nil || !strings.Contains(err.Error(), "does not say whether it is for training or for evaluation") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		d, err := NewARC(tasks, ARCOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		test := 0
		if d.Test != nil {
			test = d.Test.Len()
		}
		if d.Train.Len() != c.train || test != c.test {
			t.Errorf("%s: %d examples to train on and %d to test, want %d and %d", name, d.Train.Len(), test, c.train, c.test)
		}
	}
}
