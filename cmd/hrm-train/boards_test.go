package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
	"github.com/hrmgo/hrm/solver"
)

// startModel is trained on 9 x 9.
const startModel = "../../train/start/sudoku-candidates.hrm"

// generated makes sudokus of a size and returns their file.
func generated(t *testing.T, name string, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if status, _, errOut := hrmTrain(t, append([]string{"data", "sudoku", "--out", path}, more...)...); status != statusOK {
		t.Fatalf("%v: status %d, %s", more, status, errOut)
	}
	return path
}

// Sudokus of other sizes are generated, with one solution each, and go on with --resume.
func TestGenerateSudokusOfOtherSizes(t *testing.T) {
	for _, c := range []struct {
		side, count int
		args        []string
	}{
		{4, 12, []string{"--order", "2", "--generate", "12"}},
		{6, 8, []string{"--size", "6", "--generate", "8", "--clues", "12-15"}},
		{16, 3, []string{"--order", "4", "--generate", "3", "--clues", "140-160"}},
	} {
		path := generated(t, "made.csv.gz", c.args...)
		n := 0
		err := readPuzzles(t.Context(), path, puzzle.Sudokus{Side: 9}, func(p puzzle.Puzzle) error {
			n++
			b := sudoku.BoardOf(c.side, p.Question)
			if s := (sudoku.Search{Limit: 2}).RunBoard(&b); p.Rows != c.side || s.Count != 1 || p.Source != generatedSource || p.Rating < 0 {
				t.Errorf("%d x %d, %d solutions, rating %d", p.Rows, p.Cols, s.Count, p.Rating)
			}
			return p.Of(puzzle.Sudokus{Side: 9}).Check(p.Question, p.Answer)
		}, nil)
		if err != nil || n != c.count {
			t.Errorf("%d x %d: %d puzzles, %v", c.side, c.side, n, err)
		}
	}
	path := generated(t, "four.csv", "--order", "2", "--generate", "5")
	if status, out, _ := hrmTrain(t, "data", "sudoku", "--order", "2", "--generate", "9", "--resume", "--out", path); status != statusOK || !strings.Contains(out, "9 puzzles") {
		t.Errorf("--resume: status %d, %q", status, out)
	}
	again := filepath.Join(t.TempDir(), "again.csv")
	if status, out, errOut := hrmTrain(t, "data", "sudoku", "--order", "2", "--in", path, "--in", path, "--out", again); status != statusOK || !strings.Contains(out, "9 puzzles, 9 left out") {
		t.Errorf("an import of the same twice: status %d, %q, %q", status, out, errOut)
	}
}

func TestSudokusOfOtherSizesRefused(t *testing.T) {
	four := generated(t, "four.csv", "--order", "2", "--generate", "5")
	out := filepath.Join(t.TempDir(), "x.csv")
	for want, args := range map[string][]string{
		"a side of 4, 6, 8, 9":        {"--size", "7", "--generate", "1"},
		"36 x 36":                     {"--order", "6", "--generate", "1"},
		"--rating is for 9 x 9 alone": {"--size", "6", "--rating", "3", "--generate", "1"},
		"--from is for 9 x 9 alone":   {"--size", "6", "--from", four, "--generate", "1"},
		"between 6 and 35":            {"--size", "6", "--clues", "3", "--generate", "1"},
		"order size":                  {"--size", "6", "--order", "2", "--generate", "1"},
		"give --size, and a file":     {"--size", "6", "--in", four},
		"0 of 1 sudokus of 6 x 6":     {"--size", "6", "--clues", "6", "--generate", "1"},
	} {
		if status, _, errOut := hrmTrain(t, append([]string{"data", "sudoku", "--out", out}, args...)...); status != statusUsage || !strings.Contains(errOut, want) {
			t.Errorf("%v: status %d, %q, want %q", args, status, errOut, want)
		}
	}
}

// Generation of large ones ends soon after it is interrupted, with what was made.
func TestInterruptGeneration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sixteen.csv")
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	began := time.Now()
	var out, errOut strings.Builder
	status := run(ctx, []string{"data", "sudoku", "--order", "4", "--generate", "1000000", "--clues", "130", "--out", path}, strings.NewReader(""), &out, &errOut)
	if status == statusOK || time.Since(began) > 10*time.Second {
		t.Errorf("status %d after %v: %s", status, time.Since(began), errOut.String())
	}
}

// One training takes files of several sizes, and goes on from a model of 9 x 9 to one of
// 16 x 16 without a change of the file.
func TestTrainOnSeveralSizes(t *testing.T) {
	four := generated(t, "four.csv", "--order", "2", "--generate", "20")
	six := generated(t, "six.csv", "--size", "6", "--generate", "20")
	nine, valid := generated(t, "nine.csv", "--clues", "40", "--generate", "10"), generated(t, "valid.csv", "--order", "2", "--seed", "1", "--generate", "4")
	sixteen := generated(t, "sixteen.csv", "--order", "4", "--clues", "200", "--generate", "3")
	dir := filepath.Join(t.TempDir(), "run")
	args := func(out string, more ...string) []string {
		return append([]string{"run", "--preset", "sudoku-candidates", "--steps", "3", "--threads", "1", "--device", "cpu", "--set", "global_batch_size=4",
			"--set", "eval_interval=3", "--set", "init=" + startModel, "--out", out}, more...)
	}
	if status, _, errOut := hrmTrain(t, args(dir, "--data", four, "--data", six+"=2", "--data", nine, "--validation", valid, "--validation", sixteen)...); status != statusOK {
		t.Fatalf("status %d, %s", status, errOut)
	}
	m, err := readModel(filepath.Join(dir, bestFile))
	if err != nil {
		t.Fatal(err)
	}
	if task, err := solver.TaskOf(m); err != nil || task != (puzzle.Sudokus{Side: 9}) || m.TaskSpec != nil {
		t.Errorf("%v, %v, %v", task, m.TaskSpec, err)
	}
	if status, _, errOut := hrmTrain(t, args(filepath.Join(t.TempDir(), "large"), "--data", nine, "--data", sixteen)...); status != statusUsage ||
		!strings.Contains(errOut, "task_spec={rows: 16, cols: 16} makes more") {
		t.Errorf("16 x 16 without room: status %d, %s", status, errOut)
	}
	large := filepath.Join(t.TempDir(), "large")
	if status, _, errOut := hrmTrain(t, args(large, "--data", nine, "--data", sixteen, "--set", "task_spec={rows: 16, cols: 16}", "--validation", valid)...); status != statusOK {
		t.Fatalf("status %d, %s", status, errOut)
	}
	path := filepath.Join(large, bestFile)
	if m, err = readModel(path); err != nil {
		t.Fatal(err)
	}
	if task, err := solver.TaskOf(m); err != nil || task != (puzzle.Sudokus{Side: 16}) || m.Config.VocabSize != 18 {
		t.Errorf("%v, a vocabulary of %d, %v", task, m.Config.VocabSize, err)
	}
	if status, out, errOut := hrmTrain(t, "eval", path, "--data", four, "--limit", "3"); status != statusOK || !strings.Contains(out, "puzzles      3") {
		t.Errorf("eval: status %d, %s, %s", status, out, errOut)
	}
	if _, err := os.Stat(filepath.Join(large, checkpointFile)); err != nil {
		t.Error(err)
	}
}
