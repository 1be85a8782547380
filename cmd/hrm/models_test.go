package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
)

// embedMaze adds a model for mazes with random weights to those that are embedded.
func embedMaze(t *testing.T) {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: directions.Vocab(), SeqLen: 25, Hidden: 16, Heads: 1, Expansion: 1, Conv: 3, Mixing: runtime.NoMixing,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.NoPos, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task, m.TaskSpec = "maze", directions.Spec()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	before := embedded.Models
	t.Cleanup(func() { embedded.Models = before })
	embedded.Models = append(before[:len(before):len(before)], embedded.Entry{Name: "maze", File: data})
}

func TestModels(t *testing.T) {
	embedMaze(t)
	code, out, errOut := hrm(t, "", "models", "--json")
	var entries []modelEntry
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != statusOK || len(entries) != 2 {
		t.Fatalf("status %d, %v: %s%s", code, err, out, errOut)
	}
	if e := entries[0]; e.Task != "sudoku" || e.Parameters != 527426 || e.Bytes != len(embedded.Model) || e.Exact == "" {
		t.Errorf("%+v", e)
	}
	if e := entries[1]; e.Task != "maze" || e.TaskSpec["labels"] != "directions" {
		t.Errorf("%+v", e)
	}
	path := filepath.Join(t.TempDir(), "maze.hrm")
	if code, _, errOut := hrm(t, "", "models", "export", "maze", "-o", path); code != statusOK {
		t.Fatal(errOut)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != string(embedded.For("maze")) {
		t.Errorf("the file differs: %v", err)
	}
	if code, _, errOut := hrm(t, "", "models", "export", "chess", "-o", path); code != statusUsage || !strings.Contains(errOut, "there is one for sudoku, maze") {
		t.Errorf("status %d, %s", code, errOut)
	}
	if code, _, errOut := hrm(t, easy, "solve", "-m", path, "--task", "sudoku"); code != statusUsage || !strings.Contains(errOut, "solves maze, want sudoku") {
		t.Errorf("status %d, %s", code, errOut)
	}
}

// Without --model the input decides which embedded model solves it.
func TestModelByInput(t *testing.T) {
	embedMaze(t)
	maze := strings.ReplaceAll(openMaze, ".", " ")
	maze = strings.Replace(maze, "     \n", "#### \n", 1)
	file := writeFile(t, "maze.txt", maze)
	for _, c := range []struct {
		name, stdin, want string
		args              []string
	}{
		{"maze in a file", "", "####", []string{file}},
		{"maze from a pipe", maze, "####", nil},
		{"maze as an argument", "", "####", []string{maze}},
		{"sudoku from a pipe", easy, easyAnswer, nil},
		{"sudoku as an argument", "", easyAnswer, []string{easy}},
		{"asked for", openMaze, "S  ", []string{"--task", "maze"}},
	} {
		_, out, errOut := hrm(t, c.stdin, append([]string{"solve", "--json", "--restarts", "0"}, c.args...)...)
		if !strings.Contains(out, `"answer"`) || !strings.Contains(out, c.want) {
			t.Errorf("%s: %s%s", c.name, out, errOut)
		}
	}
}
