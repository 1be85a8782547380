package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// modelOf writes a model with random weights for a task.
func modelOf(t *testing.T, task string, spec map[string]any, vocab, tokens, puzzles int) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: vocab, SeqLen: tokens, NumPuzzles: puzzles, PuzzleEmbDim: 8, PuzzleEmbLen: 1, Hidden: 16, Heads: 1, Expansion: 1,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task, m.TaskSpec = task, spec
	path := filepath.Join(t.TempDir(), task+".hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// What cannot be read is said with what the model solves, and what is meant to be a file
// is not read as a puzzle.
func TestInputErrorsNameTheTask(t *testing.T) {
	arc, maze := modelOf(t, "arc", nil, 12, 900, 5), modelOf(t, "maze", nil, 6, 900, 1)
	words, empty := writeFile(t, "words.txt", "hello world\n"), writeFile(t, "empty.txt", "")
	const sudokus = "a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"eval", "--data", "nofile.csv"}, "hrm: --data nofile.csv: no such file or directory\n"},
		{[]string{"eval", "--data", words, "--data", "nowhere/valid.csv.gz"}, "hrm: --data nowhere/valid.csv.gz: no such file or directory\n"},
		{[]string{"eval", "--data", empty}, "hrm: --data holds no puzzle with an answer for the model, which solves sudoku: " + sudokus + "\n"},
		{[]string{"solve", "nofile.txt"}, "hrm: nofile.txt: no such file or directory; the model solves sudoku, and " + sudokus + "\n"},
		{[]string{"solve", "puzzles/nofile.csv.gz"}, "hrm: puzzles/nofile.csv.gz: no such file or directory; the model solves sudoku"},
		{[]string{"solve", "-m", arc, "nofile.json"}, "hrm: nofile.json: no such file or directory; the model solves arc, and an ARC task is JSON with train and test\n"},
		{[]string{"solve", empty}, "hrm: the input holds no puzzle for the model, which solves sudoku: " + sudokus},
		{[]string{"solve", words}, sudokus},
		{[]string{"solve", "-m", maze, words}, "a maze is 2 to 255 rows of 2 to 255 characters"},
		{[]string{"solve", "-m", arc, words}, "want '{' or '['; the model solves arc\n"},
		{[]string{"solve", strings.Replace(easy, ".", "x", 1)}, "found 'x', want 1 to 9, or '.' or '0' for a blank cell; the model solves sudoku\n"},
	} {
		status, out, errOut := hrm(t, "", c.args...)
		if status != statusUsage || out != "" || !strings.Contains(errOut, c.want) || strings.Contains(errOut, "nofile") && strings.Contains(errOut, "found") {
			t.Errorf("%q: status %d, %s%s, want %s", c.args, status, out, errOut, c.want)
		}
	}
}

// An ARC model that does not know which task is meant says why, and nothing is reported of
// no puzzle.
func TestARCWithoutIdentifiers(t *testing.T) {
	model := modelOf(t, "arc", nil, 12, 900, 5)
	data := writeFile(t, "tasks.json", `{"train":[{"input":[[1,2],[3,4]],"output":[[1]]}],"test":[{"input":[[1,2],[3,4]],"output":[[1]]}]}`)
	for _, command := range [][]string{{"eval", "--data"}, {"solve"}} {
		args := append(append(command, data), "-m", model)
		status, out, errOut := hrm(t, "", args...)
		if status != statusUsage || out != "" || !strings.Contains(errOut, "which task is meant? The model knows 5 by number") || !strings.Contains(errOut, "--identifiers") {
			t.Errorf("%q: status %d, %s%s", args, status, out, errOut)
		}
	}
}

// Where a task has no rules nothing is called valid.
func TestNoRulesNothingValid(t *testing.T) {
	table := "source,question,answer\n" + strings.Repeat("a,ab..,abba\nb,ba..,baab\n", 3)
	for _, c := range []struct {
		rules string
		valid bool
	}{{"", false}, {"latin", true}} {
		spec := map[string]any{"alphabet": ".ab", "blank": ".", "rows": int64(2), "cols": int64(2)}
		if c.rules != "" {
			spec["rules"] = c.rules
		}
		model, data := modelOf(t, "grid", spec, 4, 4, 1), writeFile(t, "grids.csv", table)
		status, out, errOut := hrm(t, "", "eval", "-m", model, "--data", data)
		if status != statusOK || strings.Contains(out, "valid") != c.valid || !strings.Contains(out, "source") {
			t.Errorf("rules %q: status %d, %s%s", c.rules, status, out, errOut)
		}
		_, out, _ = hrm(t, "", "eval", "-m", model, "--data", data, "--json")
		var r map[string]any
		if err := json.Unmarshal([]byte(out), &r); err != nil || (r["valid_accuracy"] != nil) != c.valid {
			t.Errorf("rules %q: %v, %s", c.rules, err, out)
		}
		questions := writeFile(t, "questions.txt", "ab..\nba..\n")
		_, out, errOut = hrm(t, "", "solve", "-m", model, "--restarts", "0", "--json", questions)
		if strings.Contains(out, `"valid":`) != c.valid {
			t.Errorf("rules %q: %s%s", c.rules, out, errOut)
		}
		if _, _, errOut = hrm(t, "", "solve", "-m", model, "--restarts", "0", questions); strings.Contains(errOut, "grid has no rules to tell whether rightly") == c.valid {
			t.Errorf("rules %q: %s", c.rules, errOut)
		}
	}
}
