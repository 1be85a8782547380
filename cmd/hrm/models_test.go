package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/native/embedded"
)

// A name stands for its model in every command that takes one.
func TestModelsByName(t *testing.T) {
	cacheIn(t)
	t.Chdir(t.TempDir())
	path, err := cache.Path("mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, embedded.Model, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sudoku", "mine"} {
		for _, args := range [][]string{
			{"solve", "-m", name, easy}, {"inspect", name}, {"export", name, "-o", "m.onnx"}, {"quantize", name, "-o", "q.hrm"},
			{"bench", "-m", name, "--lanes", "1", "--seconds", "0.01", "--device", "cpu"}, {"demo", "-m", name, "--export", "site"}, {"models", "export", name, "-o", "m.hrm"},
		} {
			if code, out, errOut := hrm(t, "", args...); code != statusOK {
				t.Errorf("%q: status %d, %s%s", args, code, out, errOut)
			}
		}
		if data, err := os.ReadFile("m.hrm"); err != nil || string(data) != string(embedded.Model) {
			t.Errorf("models export %s: %d bytes, %v", name, len(data), err)
		}
	}
	if err := os.WriteFile(path, embedded.Model[:1000], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := hrm(t, "", "models"); code != statusOK || !strings.Contains(out, "unusable") || !strings.Contains(out, "sudoku") {
		t.Errorf("with a damaged file: status %d, %s%s", code, out, errOut)
	}
	if code, out, errOut := hrm(t, "", "models", "remove", "sudoku"); code != statusUsage || !strings.Contains(errOut, "is part of hrm") {
		t.Errorf("status %d, %s%s", code, out, errOut)
	}
	if code, _, errOut := hrm(t, "", "models", "remove", "mine"); code != statusOK {
		t.Errorf("status %d, %s", code, errOut)
	}
	if code, _, errOut := hrm(t, "", "solve", "-m", "mine", easy); code != statusUsage || !strings.Contains(errOut, `no model is called "mine"`) {
		t.Errorf("status %d, %s", code, errOut)
	}
}

func TestModels(t *testing.T) {
	cacheIn(t)
	code, out, errOut := hrm(t, "", "models", "--json")
	var entries []modelEntry
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != statusOK || len(entries) != 3 {
		t.Fatalf("status %d, %v: %s%s", code, err, out, errOut)
	}
	if e := entries[0]; e.Task != "sudoku" || e.Parameters != 527426 || e.Bytes != int64(len(embedded.Model)) || e.Exact == "" {
		t.Errorf("%+v", e)
	}
	if e := entries[2]; e.Name != embedded.SudokuSizes || e.Task != "sudoku" {
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
	if code, _, errOut := hrm(t, "", "models", "export", "chess", "-o", path); code != statusUsage || !strings.Contains(errOut, "there are sudoku, maze, sudoku-sizes; hrm pull fetches others") {
		t.Errorf("status %d, %s", code, errOut)
	}
	if code, _, errOut := hrm(t, easy, "solve", "-m", path, "--task", "sudoku"); code != statusUsage || !strings.Contains(errOut, "solves maze, want sudoku") {
		t.Errorf("status %d, %s", code, errOut)
	}
}

// Without --model the input decides which embedded model solves it.
func TestModelByInput(t *testing.T) {
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
