package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/train/config"
)

// A run with evaluations is exported, and the file says how it was made and
// gives the same answers as the run.
func TestExportAndEval(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "model.hrm")
	training, validation := writePuzzles(t, 30), writePuzzles(t, 9)
	args := tinyRun(training, dir, "--validation", validation, "--set", "steps=20", "--set", "eval_interval=10", "--set", "ema=true", "--seed", "5")
	if status, out, errOut := hrmTrain(t, args...); status != statusOK || !strings.Contains(out, "9 puzzles") {
		t.Fatal(out, errOut)
	}
	for _, name := range []string{configFile, checkpointFile, bestFile, metricsFile, "curve.png", "curve.svg"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if status, _, errOut := hrmTrain(t, "export", dir, "--out", file, "--to", "fp32", "--licence", "CC0-1.0"); status != statusOK {
		t.Fatal(errOut)
	}
	m, err := readModel(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{metaPreset: "sudoku-cpu", metaSteps: "20", metaSeed: "5", metaLicence: "CC0-1.0"} {
		if m.Meta[name] != want {
			t.Errorf("%s is %q, want %q", name, m.Meta[name], want)
		}
	}
	if m.Task != "sudoku" || len(m.Meta[metaData]) != 64 || !strings.Contains(m.Meta[metaConfig], "hidden_size: 16") ||
		strings.Contains(m.Meta[metaConfig], filepath.Dir(training)) || !strings.Contains(m.Meta[metaConfig], "puzzles.csv") ||
		!strings.HasPrefix(m.Meta[metaSetting], "9 puzzles of puzzles.csv") || m.Meta[metaExact] == "" {
		t.Errorf("task %q, meta %q", m.Task, m.Meta)
	}
	if a, b := evalJSON(t, dir, validation), evalJSON(t, file, validation); a.Cells != b.Cells || a.Puzzles != 9 || b.Segments == 0 {
		t.Errorf("run %+v\nfile %+v", a, b)
	}
	if status, _, errOut := hrmTrain(t, "export", dir, "--out", file, "--max-segments", "9", "--cycles", "5"); status != statusOK {
		t.Fatal(errOut)
	}
	if m, err := readModel(file); err != nil || m.Config.HaltMaxSteps != 9 || m.Config.HCycles != 5 {
		t.Errorf("segments and cycles are not those asked for: %+v, %v", m, err)
	}
	for format, args := range map[string][]string{
		"fp16": {"--to", "fp16"}, "bf16": {"--to", "bf16"}, "int8": {"--to", "int8"},
		"as fp16": {"--format", "f16"}, "as int8": {"--format", "i8", "--segments", "3"}, // of the release before
	} {
		args = append([]string{"export", dir, "--best", "--out", file}, args...)
		if status, out, errOut := hrmTrain(t, args...); status != statusOK || !strings.Contains(out, format) {
			t.Error(format, out, errOut)
		}
	}
}

func evalJSON(t *testing.T, model, data string) (r evalResult) {
	t.Helper()
	status, out, errOut := hrmTrain(t, "eval", model, "--data", data, "--json")
	if err := json.Unmarshal([]byte(out), &r); status != statusOK || err != nil {
		t.Fatal(out, errOut, err)
	}
	return r
}

func TestExportRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"export", dir}, "out"},
		{[]string{"export", dir, "--out", "x", "--to", "f64"}, "want fp32, fp16, bf16 or int8"},
		{[]string{"export", dir, "--out", "x"}, "config.yaml"},
		{[]string{"eval", dir, "--data", "x"}, "config.yaml"},
		{[]string{"eval", filepath.Join(dir, "no.hrm"), "--data", "x"}, "no such file"},
	} {
		if status, _, errOut := hrmTrain(t, test.args...); status != statusUsage || !strings.Contains(errOut, test.want) {
			t.Errorf("%q: status %d, %s", test.args, status, errOut)
		}
	}
}

func TestBench(t *testing.T) {
	status, out, errOut := hrmTrain(t, "bench", "--preset", "sudoku-cpu", "--device", "cpu", "--steps", "1", "--set", "hidden_size=16",
		"--set", "num_heads=2", "--set", "L_layers=1", "--set", "global_batch_size=2")
	var r benchResult
	if err := json.Unmarshal([]byte(out), &r); status != statusOK || err != nil {
		t.Fatal(out, errOut, err)
	}
	if r.SamplesPerSecond <= 0 || r.TFLOPS <= 0 || r.PeakF32 <= 0 || r.Share <= 0 || r.Lanes != 2 || r.Parameters == 0 {
		t.Errorf("%+v", r)
	}
}

// The sizes that docs/training.md and the papers give.
func TestParameters(t *testing.T) {
	for name, want := range map[string]int{
		"sudoku-cpu": 132674, "sudoku-gpu": 527426, "hrm-sudoku-1k": 27275266, "hrm-maze": 27270146, "hrm-arc": 27276290,
	} {
		c, err := config.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Model(1)
		if err != nil {
			t.Fatal(err)
		}
		if got := parameters(&m); got != want {
			t.Errorf("%s has %d parameters, want %d", name, got, want)
		}
	}
}
