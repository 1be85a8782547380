package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// flips are two tasks whose grids are mirrored; the second test has no known answer.
const flips = `{
"a": {"train": [{"input": [[1,2]], "output": [[2,1]]}, {"input": [[3,4]], "output": [[4,3]]}], "test": [{"input": [[5,6]]}, {"input": [[7,8]]}]},
"b": {"train": [{"input": [[1],[2],[3]], "output": [[3],[2],[1]]}], "test": [{"input": [[4],[5],[6]]}]}}`

// writeTasks writes tasks as Kaggle does, in two files, and returns that of the
// questions.
func writeTasks(t *testing.T, solutions string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"x_challenges.json": flips, "x_solutions.json": solutions} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "x_challenges.json")
}

// tinyARC is the arguments of a run that takes moments.
func tinyARC(tasks, dir string, more ...string) []string {
	return append([]string{"arc", "--tasks", tasks, "--out", dir, "--device", "cpu", "--threads", "1", "--steps", "12", "--votes", "9",
		"--set", "hidden_size=16", "--set", "num_heads=1", "--set", "puzzle_emb_ndim=16", "--set", "intermediate_size=32",
		"--set", "global_batch_size=4", "--set", "halt_max_steps=2", "--set", "L_cycles=1"}, more...)
}

func readJSON[T any](t *testing.T, path string) (v T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The submission is what Kaggle takes: of every test of every task two grids, each a list
// of rows of one length of colours.
func TestARCSubmission(t *testing.T) {
	dir := t.TempDir()
	if status, out, errOut := hrmTrain(t, tinyARC(writeTasks(t, `{"a": [[[6,5]], [[8,7]]]}`), dir)...); status != statusOK {
		t.Fatal(out, errOut)
	}
	got := readJSON[map[string][]map[string][][]int](t, filepath.Join(dir, submissionFile))
	if len(got) != 2 || len(got["a"]) != 2 || len(got["b"]) != 1 {
		t.Fatalf("the submission is %v", got)
	}
	for name, tests := range got {
		for _, test := range tests {
			for _, key := range []string{"attempt_1", "attempt_2"} {
				grid := test[key]
				if len(test) != 2 || len(grid) == 0 {
					t.Fatalf("%s: %v", name, test)
				}
				for _, row := range grid {
					if len(row) != len(grid[0]) || len(row) == 0 || slices.Min(row) < 0 || slices.Max(row) > 9 {
						t.Errorf("%s: %s is %v", name, key, grid)
					}
				}
			}
		}
	}
	r := readJSON[arcResults](t, filepath.Join(dir, resultsFile))
	if r.Tasks != 2 || r.Tests != 3 || r.Known != 1 || r.Pass1 == nil || r.BySize["1x2"].Tests != 2 || r.Votes != 9 || r.Parameters < 1000 || r.Settings["steps"] != 12.0 || !(r.TrainFLOP > 0) {
		t.Errorf("the results are %+v", r)
	}
}

// Outputs of tests are not trained on: a wrong one changes no weight and no answer.
func TestARCTestsAreNotTrainedOn(t *testing.T) {
	right, wrong := t.TempDir(), t.TempDir()
	for dir, solutions := range map[string]string{right: `{"a": [[[6,5]], [[8,7]]], "b": [[[6],[5],[4]]]}`, wrong: `{"a": [[[9,9],[9,9]], [[1]]], "b": [[[7,7,7]]]}`} {
		if status, out, errOut := hrmTrain(t, tinyARC(writeTasks(t, solutions), dir)...); status != statusOK {
			t.Fatal(out, errOut)
		}
	}
	for name, want := range checkpointTensors(t, right) {
		if got := checkpointTensors(t, wrong)[name]; !slices.Equal(got, want) {
			t.Errorf("a wrong test output changes %s", name)
		}
	}
	first, _ := os.ReadFile(filepath.Join(right, submissionFile))
	second, err := os.ReadFile(filepath.Join(wrong, submissionFile))
	if err != nil || string(first) != string(second) {
		t.Errorf("a wrong test output changes the submission: %v", err)
	}
}

// What a run learned is in its model, with the names of its tasks, and a run that is done
// answers again.
func TestARCModelKnowsItsTasks(t *testing.T) {
	dir, tasks := t.TempDir(), writeTasks(t, `{"b": [[[6],[5],[4]]]}`)
	if status, out, errOut := hrmTrain(t, tinyARC(tasks, dir)...); status != statusOK {
		t.Fatal(out, errOut)
	}
	m, err := readModel(filepath.Join(dir, bestFile))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := m.Puzzles(); err != nil || !slices.Equal(names, []string{"<blank>", "a", "b"}) {
		t.Errorf("the model's tasks are %q, %v", names, err)
	}
	status, out, errOut := hrmTrain(t, "arc", "--resume", "--out", dir, "--votes", "1", "--results", filepath.Join(dir, "copy.json"))
	if status != statusOK || !strings.Contains(out, "1 tasks with known answers") {
		t.Error(status, out, errOut)
	}
	if r := readJSON[arcResults](t, filepath.Join(dir, "copy.json")); r.Votes != 1 {
		t.Errorf("the copy is %+v", r)
	}
}

// With --adapt each task is learned further, from its demonstrations alone.
func TestARCAdapts(t *testing.T) {
	dirs := [2]string{t.TempDir(), t.TempDir()}
	for i, solutions := range []string{`{"a": [[[6,5]], [[8,7]]], "b": [[[6],[5],[4]]]}`, `{"a": [[[1]], [[1]]], "b": [[[1]]]}`} {
		if status, out, errOut := hrmTrain(t, tinyARC(writeTasks(t, solutions), dirs[i], "--adapt", "3")...); status != statusOK {
			t.Fatal(out, errOut)
		}
	}
	first, _ := os.ReadFile(filepath.Join(dirs[0], submissionFile))
	second, err := os.ReadFile(filepath.Join(dirs[1], submissionFile))
	if err != nil || string(first) != string(second) {
		t.Errorf("a wrong test output changes the submission: %v", err)
	}
	r := readJSON[arcResults](t, filepath.Join(dirs[0], resultsFile))
	if r.AdaptSteps != 3 || r.Adapted != 2 || !(r.AdaptFLOP > 0) || r.Tests != 3 || r.Known != 2 {
		t.Errorf("the results are %+v", r)
	}
}

func TestARCRefuses(t *testing.T) {
	tasks := writeTasks(t, `{}`)
	for name, args := range map[string][]string{
		"want 1 or more":  tinyARC(tasks, t.TempDir(), "--votes", "0"),
		"true size":       tinyARC(tasks, t.TempDir(), "--preset", "hrm-arc"),
		"no/such":         tinyARC("no/such", t.TempDir()),
		"data is missing": {"arc", "--out", t.TempDir()},
		"has weight 2":    {"run", "--preset", "hrm-arc", "--data", tasks + "=2", "--out", t.TempDir()},
	} {
		if status, _, errOut := hrmTrain(t, args...); status != statusUsage || !strings.Contains(errOut, name) {
			t.Errorf("%s: %d, %s", name, status, errOut)
		}
	}
}
