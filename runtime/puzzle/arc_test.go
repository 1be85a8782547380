package puzzle

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
)

func randomARC(rng *rand.Rand, maxSide int) ARCGrid {
	g := ARCGrid{Rows: 1 + rng.IntN(maxSide), Cols: 1 + rng.IntN(maxSide)}
	for range g.Rows * g.Cols {
		g.Cells = append(g.Cells, uint8(rng.IntN(10)))
	}
	return g
}

func TestARCCanvas(t *testing.T) {
	g := ARCGrid{Rows: 2, Cols: 3, Cells: []uint8{0, 1, 2, 3, 4, 9}}
	canvas := make([]int32, ARCCells)
	g.Place(canvas, 1, 2)
	want := map[int]int32{32: 2, 33: 3, 34: 4, 35: 1, 62: 5, 63: 6, 64: 11, 65: 1, 92: 1, 93: 1, 94: 1}
	for i, got := range canvas {
		if got != want[i] {
			t.Errorf("cell %d is %d, want %d", i, got, want[i])
		}
	}
	if got := Crop(canvas, 1, 2); !got.Equal(g) {
		t.Errorf("cropped %v", got)
	}
	if got := Crop(canvas, 0, 0); got.Rows != 0 || got.String() != "[]" {
		t.Errorf("cropped %v from nothing", got)
	}
}

func TestARCCropIsLargest(t *testing.T) {
	// A 2 x 4 block beside a 5 x 1 one: 8 cells against 5.
	canvas := make([]int32, ARCCells)
	for r := range 5 {
		canvas[r*ARCSide] = 2
	}
	for c := range 4 {
		canvas[c], canvas[ARCSide+c] = 3, 3
	}
	if g := Crop(canvas, 0, 0); g.Rows != 2 || g.Cols != 4 {
		t.Errorf("%d x %d, want 2 x 4", g.Rows, g.Cols)
	}
}

func TestARCAugmentation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	dihedrals := map[uint8]bool{}
	for range 300 {
		g, a := randomARC(rng, 30), RandomAugmentation(rng)
		dihedrals[a.Dihedral] = true
		out := a.Apply(g)
		if back := a.Undo(out); !back.Equal(g) {
			t.Fatalf("dihedral %d is not undone", a.Dihedral)
		}
		row, col := rng.IntN(ARCSide-out.Rows+1), rng.IntN(ARCSide-out.Cols+1)
		one, two := make([]int32, ARCCells), make([]int32, ARCCells)
		out.Place(one, row, col)
		a.Place(two, g, row, col)
		if !slices.Equal(one, two) || !Crop(two, row, col).Equal(out) {
			t.Fatal("Augmentation.Place and Apply differ")
		}
		id, parsed, err := ParseAugmented(a.Name("ab_c1"))
		if err != nil || id != "ab_c1" || parsed != a {
			t.Fatalf("%s: got %q %v %v", a.Name("ab_c1"), id, parsed, err)
		}
	}
	if len(dihedrals) != 8 {
		t.Errorf("%d of 8 rotations and reflections", len(dihedrals))
	}
}

// The numbering of the references, from numpy: rot90 turns to the left.
func TestARCDihedrals(t *testing.T) {
	g := ARCGrid{Rows: 2, Cols: 3, Cells: []uint8{1, 2, 3, 4, 5, 6}}
	want := []string{
		"[[1,2,3],[4,5,6]]", "[[3,6],[2,5],[1,4]]", "[[6,5,4],[3,2,1]]", "[[4,1],[5,2],[6,3]]",
		"[[3,2,1],[6,5,4]]", "[[4,5,6],[1,2,3]]", "[[1,4],[2,5],[3,6]]", "[[6,3],[5,2],[4,1]]",
	}
	for d, w := range want {
		a := NoAugmentation
		a.Dihedral = uint8(d)
		if got := a.Apply(g).String(); got != w {
			t.Errorf("dihedral %d: %s, want %s", d, got, w)
		}
	}
}

func TestParseAugmented(t *testing.T) {
	id, a, err := ParseAugmented("007bbfb7|||t3|||0213456789")
	if err != nil || id != "007bbfb7" || a.Dihedral != 3 || a.Colors[1] != 2 {
		t.Errorf("TRM's separator: %q %v %v", id, a, err)
	}
	if id, a, err := ParseAugmented("my_own_task"); err != nil || id != "my_own_task" || a != NoAugmentation {
		t.Errorf("a plain name: %q %v %v", id, a, err)
	}
	for _, bad := range []string{"x_t9_0123456789", "x_t1_1023456789", "x_t1_0113456789", "x_t1_01234567:9"} {
		if _, _, err := ParseAugmented(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

const oneTask = `{"train": [{"input": [[1,2],[3,4]], "output": [[4]]}], "test": [{"input": [[5,6,7]], "output": [[8]]}, {"input": [[9]]}]}`

func TestARCReader(t *testing.T) {
	cases := []struct {
		name, in string
		want     []string
	}{
		{"one task", oneTask, []string{"test 0: [[5,6,7]]", "test 1: [[9]]"}},
		{"gzip", gz(oneTask), []string{"test 0: [[5,6,7]]", "test 1: [[9]]"}},
		{"many", `{"a": ` + oneTask + `, "note": "x", "b": {"test": [{"input": [[1]]}]}}`,
			[]string{"task a, test 0: [[5,6,7]]", "task a, test 1: [[9]]", "task b, test 0: [[1]]",
				`error: line 1, column 138: the value of "note" is no task, want {"train": [...], "test": [...]}`}},
		{"splits", `{"licence": null, "splits": {"easy": {"a": ` + oneTask + `}, "empty": {}}}`,
			[]string{"task a, test 0: [[5,6,7]]", "task a, test 1: [[9]]"}},
		{"bad colour", "{\"a\": {\"test\":\n [{\"input\": [[1,10]]}]},\n \"b\": {\"test\": [{\"input\": [[1]]}]}}",
			[]string{`error: line 2, column 17: task "a": found 10, want a colour 0 to 9`, "task b, test 0: [[1]]"}},
		{"ragged", `{"test": [{"input": [[1,2],[3]]}]}`,
			[]string{"error: line 1, column 30: a row of 1 cells, want 2 as in the first row"}},
		{"no grid", `{"a": {"test": [{"input": "x"}, 7]}, "b": {"test": [{"input": [[1]]}]}}`,
			[]string{`error: line 1, column 27: task "a": found '"', want '['`, "task b, test 0: [[1]]"}},
		{"too wide", `{"test": [{"input": [[` + strings.Repeat("1,", 30) + `1]]}]}`,
			[]string{"error: line 1, column 84: a row of more than 30 cells"}},
		{"too high", `{"test": [{"input": [` + strings.Repeat("[1],", 30) + `[1]]}]}`,
			[]string{"error: line 1, column 144: a grid of more than 30 rows"}},
		{"no output", `{"train": [{"input": [[1]]}], "test": []}`,
			[]string{"error: line 1, column 27: train pair 0 has no output"}},
		{"nothing", `{"a": {}}`, []string{`error: line 1, column 8: task "a": a task without pairs, want lists train and test`}},
		{"twice", `{"a": {"test": [], "test": []}}`, []string{`error: line 1, column 25: key "test" occurs twice`}},
		{"cut", `{"a": {"test": [`, []string{"error: line 1, column 16: the file ends in the middle of a JSON value"}},
		{"comma", `{"test": [{"input": [[1,]]}]}`, []string{"error: line 1, column 25: found ']', want a JSON value"}},
		{"behind", `{"test": [{"input": [[1]]}]} x`, []string{"test 0: [[1]]", "error: line 1, column 30: found 'x' behind the JSON value"}},
		{"list", "[" + oneTask + `, {"id": "b", "test": [{"input": [[2]]}]}, {"test": [{"input": [[3]]}]}]`,
			[]string{"task 0, test 0: [[5,6,7]]", "task 0, test 1: [[9]]", "task b, test 0: [[2]]", "task 2, test 0: [[3]]"}},
		{"list with a mistake", `[{"id": "x"}, 7, {"test": [{"input": [[3]]}]}]`,
			[]string{`error: line 1, column 12: element 0: no task, want {"train": [...], "test": [...]}`,
				`error: line 1, column 15: element 1 is no task, want {"train": [...], "test": [...]}`, "task 2, test 0: [[3]]"}},
		{"lines", oneTask + "\n" + `{"task_id": "b", "test": [{"input": [[2]]}]}` + "\n",
			[]string{"test 0: [[5,6,7]]", "test 1: [[9]]", "task b, test 0: [[2]]"}},
		{"pairs", `[{"input": [[1]], "output": [[2]]}, {"input": [[3]], "output": [[4]]}]`, []string{"test 0: [[1]]", "test 1: [[3]]"}},
		{"pairs by name", `{"a": [{"input": [[1]], "output": [[2]]}], "b": [{"input": [[3]]}]}`, []string{"task a, test 0: [[1]]", "task b, test 0: [[3]]"}},
		{"splits without a word", `{"training": {"a": ` + oneTask + `}, "evaluation": {"b": {"test": [{"input": [[1]]}]}}}`,
			[]string{"task a, test 0: [[5,6,7]]", "task a, test 1: [[9]]", "task b, test 0: [[1]]"}},
		{"not given", `{"test": [{"input": [[1]], "output": null}, {"input": [[2]], "output": []}, {"input": [[3]], "output": [[]]}]}`,
			[]string{"test 0: [[1]]", "test 1: [[2]]", "test 2: [[3]]"}},
		{"train not given", `{"train": [{"input": [[1]], "output": null}], "test": []}`, []string{"error: line 1, column 43: train pair 0 has no output"}},
		{"numbers for tasks", `{"a": 1, "b": null, "c": ` + oneTask + `}`,
			[]string{"task c, test 0: [[5,6,7]]", "task c, test 1: [[9]]",
				`error: line 1, column 7: the value of "a" is no task, want {"train": [...], "test": [...]}`,
				`error: line 1, column 15: the value of "b" is no task, want {"train": [...], "test": [...]}`}},
		{"solutions alone", `{"a": [[[1]]], "b": [[[2]], [[3]]]}`,
			[]string{`error: task "a": a solution without its question: give the file of challenges with it`,
				`error: task "b": a solution without its question: give the file of challenges with it`}},
		{"a sudoku", "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
			[]string{"error: line 1, column 1: found '5', want '{' or '['"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			compare(t, readAll(t, c.in, ARC{}), c.want)
		})
	}
}

func TestARCCodec(t *testing.T) {
	for _, text := range []string{"[[1]]", "[[0,1,2],[3,4,5]]"} {
		if got := (ARC{}).Decode(mustEncode(t, ARC{}, text)); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, bad := range []string{"", "[]", "[[]]", "[[1],[2,3]]", "[[1]] x", "[[12]]", "{}"} {
		if _, err := (ARC{}).Encode(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	q, a := mustEncode(t, ARC{}, "[[1,2],[3,4],[5,6]]"), mustEncode(t, ARC{}, "[[7,8]]")
	if got, want := (ARC{}).Render(q, a), "12 -> 78\n34\n56\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := (ARC{}).Check(q, a); err != nil {
		t.Error(err)
	}
	if err := (ARC{}).Check(q, make([]int32, ARCCells)); err == nil {
		t.Error("an answer without a grid passed")
	}
}

func TestIdentifiers(t *testing.T) {
	ids, err := ReadIdentifiers(strings.NewReader(`["<blank>", "a", "b", "a_t1_0213456789"]`))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := ids.Variants("a")
	if !ok || len(v) != 2 || v[0].ID != 1 || v[0].Augmentation != NoAugmentation || v[1].ID != 3 || v[1].Dihedral != 1 {
		t.Errorf("variants %v", v)
	}
	if _, ok := ids.Variants("<blank>"); ok {
		t.Error("the blank row is no task")
	}
	if _, err := ReadIdentifiers(strings.NewReader(`["a", 1]`)); err == nil {
		t.Error("a number was accepted as a name")
	}
}

func TestBallot(t *testing.T) {
	var b Ballot
	grid := func(c uint8) ARCGrid { return ARCGrid{Rows: 1, Cols: 1, Cells: []uint8{c}} }
	for _, v := range []struct {
		c uint8
		q float32
	}{{1, 0}, {2, 3}, {2, 1}, {3, 5}, {1, 5}, {1, -4}, {4, 9}} {
		b.Add(grid(v.c), v.q)
	}
	var got []string
	for _, c := range b.Best(3) {
		got = append(got, fmt.Sprintf("%d:%d", c.Grid.Cells[0], c.Votes))
	}
	if want := []string{"1:3", "2:2", "4:1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(b.Best(2)) != 2 || len((&Ballot{}).Best(2)) != 0 {
		t.Error("Best returns the wrong number of candidates")
	}
}

// Every published task survives canvas, augmentation and back.
func TestRealARC(t *testing.T) {
	for file, n := range map[string]int{"arc1": 800, "arc2": 1120, "conceptarc": 176} {
		f, err := os.Open(shared.Dir(t, "data", "arc", file+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewARCReader(f)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for {
			task, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			count++
			for _, p := range append(task.Train, task.Test...) {
				if !Crop(p.Input.Tokens(), 0, 0).Equal(p.Input) || !Crop(p.Output.Tokens(), 0, 0).Equal(p.Output) {
					t.Fatalf("task %s is damaged", task.ID)
				}
			}
			if task.ID == "" || task.Split == "" {
				t.Fatal("a task without name or split")
			}
		}
		if count != n {
			t.Errorf("%s: %d tasks, want %d", file, count, n)
		}
		_ = f.Close()
	}
}
