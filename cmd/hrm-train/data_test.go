package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
	"github.com/hrmgo/hrm/train/data"
)

func readTable(t *testing.T, path string, task puzzle.Task) []puzzle.Puzzle {
	t.Helper()
	var rows []puzzle.Puzzle
	err := readPuzzles(t.Context(), path, task, func(p puzzle.Puzzle) error {
		rows = append(rows, p)
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestDataSudokuOrdinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made.csv.gz")
	if status, out, errOut := hrmTrain(t, "data", "sudoku", "--generate", "20", "--clues", "30-34", "--seed", "7", "--out", path); status != statusOK ||
		!strings.Contains(out, "20 puzzles") {
		t.Fatal(out, errOut)
	}
	rows := readTable(t, path, puzzle.Sudoku{})
	for _, p := range rows {
		q := sudoku.Of(p.Question)
		if n := q.Clues(); n < 30 || n > 34 || !sudoku.Unique(&q) || p.Source != generatedSource || p.Rating < 0 {
			t.Errorf("%d clues, %+v", n, p)
		}
	}
	if len(rows) != 20 {
		t.Errorf("%d rows", len(rows))
	}
}

// Hard sudokus start from given ones, reach the rating, leave the test set
// out, and a file under way is gone on with.
func TestDataSudokuHard(t *testing.T) {
	dir := t.TempDir()
	hard, banned := filepath.Join(dir, "hard.csv"), filepath.Join(dir, "banned.csv.gz")
	generate := func(out, count string, more ...string) {
		t.Helper()
		args := append([]string{"data", "sudoku", "--generate", count, "--rating", "3", "--threads", "1", "--out", out}, more...)
		if status, _, errOut := hrmTrain(t, args...); status != statusOK {
			t.Fatal(errOut)
		}
	}
	generate(banned, "3", "--seed", "1")
	generate(hard, "4", "--seed", "2", "--dedup-against", banned, "--from", banned)
	first := readTable(t, hard, puzzle.Sudoku{})
	generate(hard, "6", "--seed", "2", "--dedup-against", banned, "--resume")
	rows := readTable(t, hard, puzzle.Sudoku{})
	if len(first) != 4 || len(rows) != 6 || !sameTokens(rows[3].Question, first[3].Question) {
		t.Fatalf("%d rows, then %d", len(first), len(rows))
	}
	solutions := map[sudoku.Grid]bool{}
	for _, p := range readTable(t, banned, puzzle.Sudoku{}) {
		a := sudoku.Of(p.Answer)
		solutions[data.CanonicalSolution(&a)] = true
	}
	for _, p := range rows {
		a := sudoku.Of(p.Answer)
		if p.Rating < 3 || solutions[data.CanonicalSolution(&a)] {
			t.Errorf("%+v", p)
		}
	}
}

func sameTokens(a, b []int32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// An import solves, rates, and leaves out equivalent sudokus.
func TestDataSudokuImport(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.csv")
	swapped := strings.NewReplacer("1", "2", "2", "1").Replace(someQuestion)
	if err := os.WriteFile(in, []byte(someQuestion+"\n"+swapped+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, text, errOut := hrmTrain(t, "data", "sudoku", "--in", in, "--out", out); status != statusOK || !strings.Contains(text, "1 puzzles, 1 left out") {
		t.Fatal(text, errOut)
	}
	rows := readTable(t, out, puzzle.Sudoku{})
	if len(rows) != 1 || (puzzle.Sudoku{}).Decode(rows[0].Answer) != someAnswer || rows[0].Rating != 0 {
		t.Errorf("%+v", rows)
	}
	if err := os.WriteFile(in, []byte(strings.Repeat(".", 81)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := hrmTrain(t, "data", "sudoku", "--in", in, "--out", out+".gz"); status != statusUsage || !strings.Contains(errOut, "several solutions") {
		t.Error(status, errOut)
	}
}

func TestDataMaze(t *testing.T) {
	dir := t.TempDir()
	made, copied := filepath.Join(dir, "made.csv.gz"), filepath.Join(dir, "copied.csv")
	if status, _, errOut := hrmTrain(t, "data", "maze", "--generate", "2", "--min-steps", "80", "--out", made); status != statusOK {
		t.Fatal(errOut)
	}
	mazes := puzzle.Maze{Rows: 30, Cols: 30}
	rows := readTable(t, made, mazes)
	if len(rows) != 2 || rows[0].Rating < 80 || mazes.Check(rows[0].Question, rows[0].Answer) != nil {
		t.Errorf("%+v", rows)
	}
	if status, out, errOut := hrmTrain(t, "data", "maze", "--in", made, "--in", made, "--out", copied); status != statusOK || !strings.Contains(out, "2 puzzles, 2 left out") {
		t.Error(out, errOut)
	}
	wide := filepath.Join(dir, "wide.csv")
	if status, _, errOut := hrmTrain(t, "data", "maze", "--generate", "3", "--size", "8x20", "--far", "--out", wide); status != statusOK {
		t.Fatal(errOut)
	}
	rows = readTable(t, wide, mazes) // the file says the size
	if len(rows) != 3 || rows[0].Rows != 8 || rows[0].Cols != 20 || rows[0].Rating < 29 || rows[0].Of(mazes).Check(rows[0].Question, rows[0].Answer) != nil {
		t.Errorf("%+v", rows)
	}
	for _, bad := range [][]string{{"--in", wide}, {"--size", "1x9", "--generate", "1"}, {"--size", "9", "--generate", "1"}, {"--min-steps", "-1", "--generate", "1"}} {
		args := append([]string{"data", "maze", "--out", filepath.Join(dir, "bad.csv")}, bad...)
		if status, _, errOut := hrmTrain(t, args...); status != statusUsage || errOut == "" {
			t.Errorf("%v: %d, %s", bad, status, errOut)
		}
	}
}

// writeARC writes two tasks in the folders of the public format.
func writeARC(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"training/aaaa0001.json":   `{"train":[{"input":[[1,2]],"output":[[2,1]]},{"input":[[3,4]],"output":[[4,3]]}],"test":[{"input":[[5,6]],"output":[[6,5]]}]}`,
		"evaluation/bbbb0002.json": `{"train":[{"input":[[1],[0]],"output":[[0,1]]}],"test":[{"input":[[7],[0]],"output":[[0,7]]}]}`,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDataARC(t *testing.T) {
	dir := t.TempDir()
	all, some := filepath.Join(dir, "all.json.gz"), filepath.Join(dir, "some.json")
	folder := writeARC(t)
	if status, out, errOut := hrmTrain(t, "data", "arc", "--in", folder, "--out", all); status != statusOK || !strings.Contains(out, "2 tasks, 0 left out") {
		t.Fatal(out, errOut)
	}
	want, err := data.LoadARC(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	got, err := data.LoadARC(t.Context(), all)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, got, want)
	}
	evaluation := filepath.Join(folder, "evaluation")
	if status, out, errOut := hrmTrain(t, "data", "arc", "--in", all, "--dedup-against", evaluation, "--out", some); status != statusOK || !strings.Contains(out, "1 tasks, 1 left out") {
		t.Error(out, errOut)
	}
	if status, out, errOut := hrmTrain(t, "data", "arc", "--generate", "3", "--side", "4", "--out", some); status != statusOK {
		t.Error(out, errOut)
	}
	if status, out, errOut := hrmTrain(t, "data", "arc", "--in", some, "--in", all, "--max-side", "3", "--out", some+"2.json"); status != statusOK || !strings.Contains(out, "2 tasks, 3 left out") {
		t.Error(out, errOut)
	}
	if status, _, errOut := hrmTrain(t, "data", "arc", "--in", all, "--split", "test", "--out", some); status != statusUsage || !strings.Contains(errOut, "no tasks") {
		t.Error(errOut)
	}
}

// ARC is trained on from the folders themselves, and evaluated on the tests of
// the evaluation tasks.
func TestTrainARC(t *testing.T) {
	dir := t.TempDir()
	args := []string{"run", "--preset", "hrm-arc", "--device", "cpu", "--data", writeARC(t), "--out", dir}
	for _, set := range []string{"hidden_size=16", "num_heads=1", "H_layers=1", "L_layers=1", "puzzle_emb_ndim=16", "global_batch_size=1",
		"halt_max_steps=1", "steps=2", "arc_augmentations=3", "expansion=1", "H_cycles=1", "L_cycles=1"} {
		args = append(args, "--set", set)
	}
	if status, out, errOut := hrmTrain(t, args...); status != statusOK || !strings.Contains(out, "1 puzzle of evaluation: exact ") {
		t.Fatal(out, errOut)
	}
	names, err := os.ReadFile(filepath.Join(dir, identifiersFile))
	if err != nil || !strings.Contains(string(names), `"aaaa0001"`) || !strings.Contains(string(names), `"bbbb0002"`) {
		t.Errorf("%s %v", names, err)
	}
	args = append(args, "--set", "train_limit=5", "--out", dir+"x")
	if status, _, errOut := hrmTrain(t, args...); status != statusUsage || !strings.Contains(errOut, "train_limit") {
		t.Error(status, errOut)
	}
}

// Work that is stopped keeps what it has.
func TestDataStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made.csv")
	ctx, cancel := context.WithCancel(t.Context())
	cmd := newDataSudoku()
	cmd.SetOut(&strings.Builder{})
	target, err := command.NewTarget(cmd, path)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := openTable(ctx, target, puzzle.Sudoku{}, false)
	if err != nil {
		t.Fatal(err)
	}
	f := sudokuFlags{dataFlags: dataFlags{generate: 1 << 30}}
	report := newReporter(stopAfter{cancel})
	err = f.ordinary(ctx, tab, data.NewFilter(), report, 40, 40)
	if err = tab.finish(0, err); status(err, &strings.Builder{}) != statusInterrupted || !strings.Contains(err.Error(), "--resume") {
		t.Error(err)
	}
	if rows := readTable(t, path, puzzle.Sudoku{}); len(rows) == 0 {
		t.Error("nothing kept")
	}
}

// stopAfter cancels at the first line of progress.
type stopAfter struct{ cancel context.CancelFunc }

func (s stopAfter) Write(p []byte) (int, error) {
	s.cancel()
	return len(p), nil
}

func TestDataRefuses(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there.csv")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"sudoku", "--generate", "1"}, "out"},
		{[]string{"sudoku", "--out", "x"}, "nothing to do"},
		{[]string{"sudoku", "--generate", "1", "--out", there}, "--resume"},
		{[]string{"sudoku", "--generate", "1", "--clues", "12", "--out", "x"}, "--clues"},
		{[]string{"sudoku", "--generate", "1", "--dedup-against", "nowhere", "--out", "x"}, "nowhere"},
		{[]string{"maze", "--in", "nowhere", "--out", "x"}, "nowhere"},
		{[]string{"maze", "--generate", "-1", "--out", "x"}, "negative"},
	} {
		if status, _, errOut := hrmTrain(t, append([]string{"data"}, test.args...)...); status != statusUsage || !strings.Contains(errOut, test.want) {
			t.Errorf("%q: status %d, %s", test.args, status, errOut)
		}
	}
}

// What cannot be read is reported, and the rest is imported.
func TestDataGoesOnPastBadLines(t *testing.T) {
	const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	other := strings.NewReplacer("5", "3", "3", "5").Replace(easy[9:27]) // of no sudoku
	for name, c := range map[string]struct {
		text string
		want string // on standard error
		rows int
	}{
		"a slip":            {easy[:10] + "x" + easy[11:] + "\n" + easy + "\n", "line 1, column 11: found 'x'", 1},
		"a short line":      {easy + "\n" + easy[:80] + "\n", "line 2: 80 cells, want 81", 1},
		"several solutions": {strings.Repeat(".", 80) + "1\n" + easy + "\n", "line 1: invalid puzzle: several solutions", 1},
		"no solution":       {"12345678" + strings.Repeat(".", 36) + "9" + strings.Repeat(".", 36) + "\n" + easy + "\n", "no solution", 1},
		"in a table":        {"id;puzzle\n1;" + other + "\n2;" + easy + "\n", "line 2, column 3: puzzle: ", 1},
	} {
		in, out := filepath.Join(t.TempDir(), "in.txt"), filepath.Join(t.TempDir(), "out.csv")
		if err := os.WriteFile(in, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, errOut := hrmTrain(t, "data", "sudoku", "--in", in, "--out", out)
		if status != statusUsage || !strings.Contains(errOut, c.want) || !strings.Contains(errOut, "1 puzzles could not be used; "+out+" has the others") {
			t.Errorf("%s: %d, %q", name, status, errOut)
		}
		if rows := readTable(t, out, puzzle.Sudoku{}); len(rows) != c.rows {
			t.Errorf("%s: %d rows, want %d", name, len(rows), c.rows)
		}
	}
}

// A task that a description makes is imported, trained and written into the model.
func TestDataGrid(t *testing.T) {
	dir := t.TempDir()
	in, out, run := filepath.Join(dir, "in.csv"), filepath.Join(dir, "grid.csv"), filepath.Join(dir, "run")
	csv := "question,answer\n1....2....3....4,1342421324313124\n1....2....3....4,1342421324313124\n.3.2.2..2.3.3..4,1342421324313124\n"
	if err := os.WriteFile(in, []byte(csv), 0o644); err != nil {
		t.Fatal(err)
	}
	spec := "rows=4,cols=4,alphabet=.1234,blank=.,rules=sudoku"
	if status, text, errOut := hrmTrain(t, "data", "grid", "--task-spec", spec, "--in", in, "--out", out); status != statusOK || !strings.Contains(text, "2 puzzles, 1 left out") {
		t.Fatal(text, errOut)
	}
	for _, bad := range []string{"rows=4,cols=4", "alphabet=ab", "rows=4,cols=4,alphabet=.1234,blank=x", "rows=4,cols=4,alphabet=.1234,size=4"} {
		if status, _, errOut := hrmTrain(t, "data", "grid", "--task-spec", bad, "--in", in, "--out", out+"x"); status != statusUsage || !strings.Contains(errOut, "--task-spec: ") {
			t.Errorf("%s: %d, %s", bad, status, errOut)
		}
	}
	args := []string{"run", "--preset", "sudoku-cpu", "--task", "grid", "--set", `task_spec={rows: 4, cols: 4, alphabet: ".1234", blank: ".", rules: sudoku}`,
		"--data", out, "--set", "hints=2", "--set", "hidden_size=16", "--set", "num_heads=2", "--set", "expansion=1", "--steps", "2", "--set", "global_batch_size=4", "--out", run}
	if status, _, errOut := hrmTrain(t, args...); status != statusOK {
		t.Fatal(errOut)
	}
	model := filepath.Join(dir, "m.hrm")
	if status, _, errOut := hrmTrain(t, "export", run, "--out", model); status != statusOK {
		t.Fatal(errOut)
	}
	m, err := readModel(model)
	if err != nil || m.Task != "grid" || m.TaskSpec["alphabet"] != ".1234" || m.Config.VocabSize != 6 {
		t.Errorf("%v: %+v", err, m)
	}
	if status, text, errOut := hrmTrain(t, "eval", model, "--data", out); status != statusOK || !strings.Contains(text, "puzzles      2") {
		t.Error(text, errOut)
	}
}

// A maze model's header says what it was taught.
func TestMazeModelSaysItsLabels(t *testing.T) {
	dir := t.TempDir()
	run, model := filepath.Join(dir, "run"), filepath.Join(dir, "m.hrm")
	args := []string{"run", "--preset", "maze-cpu", "--set", "maze_sizes=4x6,5x5", "--set", "hidden_size=16", "--set", "intermediate_size=32", "--steps", "2", "--set", "global_batch_size=2", "--out", run}
	if status, _, errOut := hrmTrain(t, args...); status != statusOK {
		t.Fatal(errOut)
	}
	if status, _, errOut := hrmTrain(t, "export", run, "--out", model); status != statusOK {
		t.Fatal(errOut)
	}
	m, err := readModel(model)
	if err != nil || m.TaskSpec["labels"] != "directions" || !strings.Contains(m.Meta[metaLabels], "breadth-first search") {
		t.Errorf("%v: %v, %v", err, m.TaskSpec, m.Meta)
	}
}
