package main

import (
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// arcModel writes a model of two tasks at their true size, which knows nothing.
func arcModel(t *testing.T, names ...string) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 29, SeqLen: 20, Cols: 4, NumPuzzles: len(names), PuzzleEmbDim: 8, Hidden: 8, Heads: 1,
		Expansion: 1, InterSize: 32, Conv: 3, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope2D, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := runtime.NamePuzzles(names)
	if err != nil {
		t.Fatal(err)
	}
	m.Task, m.TaskSpec, m.Meta = "arc", map[string]any{"rows": 5, "cols": 4}, map[string]string{runtime.MetaPuzzles: text}
	path := filepath.Join(t.TempDir(), "arc.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A model at true size needs no list of names beside it, and draws what it answers.
func TestSolveDrawsTasks(t *testing.T) {
	model, dir := arcModel(t, "<blank>", "known", "unknown"), t.TempDir()
	tasks := writeFile(t, "tasks.json", echoTasks)
	_, out, errOut := hrm(t, "", "solve", "--model", model, "--json", "--svg", filepath.Join(dir, "svg"), "--png", filepath.Join(dir, "png"), tasks)
	if strings.Count(out, `"answer"`) != 3 || errOut == "" {
		t.Fatal(out, errOut)
	}
	for _, name := range []string{"known", "unknown"} {
		svg, err := os.ReadFile(filepath.Join(dir, "svg", name+".svg"))
		if err != nil || !strings.Contains(string(svg), "demonstration 1") || !strings.Contains(string(svg), "attempt 1, ") {
			t.Errorf("%s: %v\n%s", name, err, svg)
		}
		f, err := os.Open(filepath.Join(dir, "png", name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
	if status, _, errOut := hrm(t, "", "solve", "--svg", filepath.Join(dir, "x.svg"), easy); status != statusUsage || !strings.Contains(errOut, "draw ARC tasks") {
		t.Errorf("a picture of a sudoku: %d, %s", status, errOut)
	}
	one := writeFile(t, "one.json", `{"train": [{"input": [[1]], "output": [[1]]}], "test": [{"input": [[1]]}]}`)
	if status, _, errOut := hrm(t, "", "solve", "--model", model, one); status != statusUsage || !strings.Contains(errOut, "none of the 3 that the model knows") {
		t.Errorf("a task that the model has not learned: %d, %s", status, errOut)
	}
}

// Names in files are no paths.
func TestPicturesStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	model := arcModel(t, "<blank>", "../../x", "..", "a")
	tasks := writeFile(t, "tasks.json", strings.NewReplacer(`"known"`, `"../../x"`, `"unknown"`, `".."`).Replace(echoTasks))
	if _, out, errOut := hrm(t, "", "solve", "--model", model, "--json", "--svg", filepath.Join(dir, "a", "b", "c"), tasks); !strings.Contains(out, `"answer"`) {
		t.Fatal(out, errOut)
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			files = append(files, name)
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{"a/b/c/1.svg", "a/b/c/x.svg"}) {
		t.Errorf("%q, %v", files, err)
	}
}

// Kaggle's two files are measured together, task by task.
func TestEvalARC(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"t_challenges.json": echoTasks, "t_solutions.json": `{"known": [[[1,2,3],[4,5,6]], [[8,7]]], "unknown": [[[1]]]}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, out, errOut := hrm(t, "", "eval", "--model", arcModel(t, "<blank>", "known", "unknown"), "--votes", "2", "--data", filepath.Join(dir, "t_challenges.json"))
	if status != statusOK || !strings.Contains(out, "task     tests  pass@1") || !strings.Contains(out, "\nall 2    3 ") {
		t.Errorf("%d\n%s%s", status, out, errOut)
	}
}
