package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/weights"
)

// bestOf returns what the best model of a run says about itself.
func bestOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	f, err := weights.ReadFile(filepath.Join(dir, bestFile))
	if err != nil {
		t.Fatal(err)
	}
	return f.Header.Meta
}

// A checkpoint is older than the evaluation after it: what is resumed from it must
// not take a worse model for the best.
func TestResumeKeepsTheBest(t *testing.T) {
	dir, data := t.TempDir(), writePuzzles(t, 30)
	args := tinyRun(data, dir, "--validation", writePuzzles(t, 9), "--set", "eval_interval=10")
	if status, _, errOut := hrmTrain(t, append(args, "--set", "steps=10")...); status != statusOK {
		t.Fatal(errOut)
	}
	path := filepath.Join(dir, bestFile)
	m, err := readModel(path)
	if err != nil {
		t.Fatal(err)
	}
	m.Meta[metaExact] = "0.6750" // a lucky one
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := hrmTrain(t, append(args, "--set", "steps=20")...); status != statusOK {
		t.Fatal(errOut)
	}
	if got := bestOf(t, dir); got[metaExact] != "0.6750" || got[metaSteps] != "10" {
		t.Errorf("the best model, of 67.5 %% after step 10, was replaced by one of %s after step %s", got[metaExact], got[metaSteps])
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, _, errOut := hrmTrain(t, append(args, "--set", "steps=30")...)
	if got := bestOf(t, dir); status != statusOK || got[metaSteps] != "30" || !strings.Contains(errOut, "cannot be read") {
		t.Errorf("status %d, %v\n%s", status, got, errOut)
	}
}

// untilSaved ends when a run has a checkpoint.
type untilSaved struct {
	context.Context
	dir string
}

func (c untilSaved) Err() error {
	if path, _ := findCheckpoint(c.dir); path != "" {
		return context.Canceled
	}
	return nil
}

// A signal in the last evaluation is no success, and --resume makes up for it.
func TestSignalInTheLastEvaluation(t *testing.T) {
	dir, data, valid := t.TempDir(), writePuzzles(t, 30), writePuzzles(t, 9)
	args := tinyRun(data, dir, "--validation", valid, "--set", "steps=5")
	cmd := newRun()
	cmd.SetArgs(args[1:])
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SilenceUsage = true
	err := cmd.ExecuteContext(untilSaved{t.Context(), dir})
	if status(err, io.Discard) != statusInterrupted || !strings.Contains(err.Error(), "hrm-train run --resume --out ") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, bestFile)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the evaluation came to its end: %v", err)
	}
	code, out, problem := hrmTrain(t, args...)
	if code != statusOK || !strings.Contains(out, "9 puzzles") {
		t.Errorf("status %d, %s%s", code, out, problem)
	}
	if got := bestOf(t, dir); got[metaSteps] != "5" {
		t.Errorf("best model %v", got)
	}
}

// The checkpoint that is left after training diverged is one from which a step was
// finite: two are kept, and the newest may hold numbers that are finite and ruined.
func TestDivergenceLeavesAGoodCheckpoint(t *testing.T) {
	dir := t.TempDir()
	args := tinyRun(writePuzzles(t, 50), dir, "--set", "lr=1", "--set", "weight_decay=1000", "--set", "checkpoint_interval=1")
	status, _, errOut := hrmTrain(t, args...)
	if status != statusFailed || !strings.Contains(errOut, "ruined") || !strings.Contains(errOut, "last good checkpoint") {
		t.Fatalf("status %d, %s", status, errOut)
	}
	f, err := weights.ReadFile(filepath.Join(dir, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	counters, _ := f.Tensor("train/counters")
	step, err := weights.View[uint64](counters)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range f.Tensors() {
		if tensor.DType != weights.F32 {
			continue
		}
		numbers, _ := tensor.Float32s()
		for _, x := range numbers {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("%s holds %v", tensor.Name, x)
			}
		}
	}
	// One step further is finite, and two are what diverged.
	if status, _, errOut = hrmTrain(t, append(args, "--set", "steps="+fmt.Sprint(step[0]+1))...); status != statusOK {
		t.Errorf("status %d, %s", status, errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, previousFile)); err != nil {
		t.Error(err)
	}
	if status, _, errOut = hrmTrain(t, args...); status != statusFailed {
		t.Errorf("status %d, %s", status, errOut)
	}
}

// What is damaged is refused, and the message says what there is instead.
func TestDamagedCheckpoint(t *testing.T) {
	dir := t.TempDir()
	args := tinyRun(writePuzzles(t, 50), dir, "--set", "checkpoint_interval=5")
	if status, _, errOut := hrmTrain(t, append(args, "--set", "steps=10")...); status != statusOK {
		t.Fatal(errOut)
	}
	path := filepath.Join(dir, checkpointFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	args = append(args, "--set", "steps=12")
	if status, _, errOut := hrmTrain(t, args...); status != statusUsage || !strings.Contains(errOut, "does not match") || !strings.Contains(errOut, previousFile) {
		t.Errorf("status %d, %s", status, errOut)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := hrmTrain(t, args...); status != statusOK || !strings.Contains(errOut, "resuming after step 5") {
		t.Errorf("status %d, %s", status, errOut)
	}
}

// Output that cannot be written is an error with its own status, and a file can go
// to standard output.
func TestTrainOutput(t *testing.T) {
	dir, data := t.TempDir(), writePuzzles(t, 12)
	if status, _, errOut := hrmTrain(t, tinyRun(data, dir, "--set", "steps=2")...); status != statusOK {
		t.Fatal(errOut)
	}
	for _, args := range [][]string{
		{"presets"}, {"presets", "sudoku-cpu"}, {"version"}, {"eval", dir, "--data", data}, {"eval", dir, "--data", data, "--json"},
		{"export", dir, "--out", filepath.Join(dir, "m.hrm")}, {"export", dir, "--out", "-"},
		{"data", "sudoku", "--in", data, "--out", "-"}, {"data", "sudoku", "--in", data, "--out", filepath.Join(dir, "d.csv")},
		tinyRun(data, dir, "--set", "steps=3"),
	} {
		var errOut bytes.Buffer
		status := run(t.Context(), args, strings.NewReader(""), noRoom{}, &errOut)
		if status != statusUsage || !strings.Contains(errOut.String(), "writing standard output: no space left") {
			t.Errorf("%q: status %d, %s", args, status, &errOut)
		}
	}
	file := filepath.Join(dir, "m.hrm")
	if status, _, errOut := hrmTrain(t, "export", dir, "--out", file); status != statusOK {
		t.Fatal(errOut)
	}
	status, out, errOut := hrmTrain(t, "export", dir, "--out", "-")
	if want, err := os.ReadFile(file); status != statusOK || err != nil || out != string(want) {
		t.Errorf("status %d, %d bytes, want %d: %s", status, len(out), len(want), errOut)
	}
	status, out, errOut = hrmTrain(t, "data", "sudoku", "--in", data, "--out", "-")
	if status != statusOK || !strings.HasPrefix(out, "source,question,answer,rating\n") {
		t.Errorf("status %d, %q, %s", status, out, errOut)
	}
}

type noRoom struct{}

func (noRoom) Write([]byte) (int, error) { return 0, errors.New("no space left") }
