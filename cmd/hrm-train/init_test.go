package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train/curve"
)

// A run that begins with a model and a rate of zero ends with that model, and
// says where it came from.
func TestInitialModel(t *testing.T) {
	data, first, second := writePuzzles(t, 20), t.TempDir(), t.TempDir()
	model := filepath.Join(t.TempDir(), "model.hrm")
	mustRun := func(args ...string) {
		t.Helper()
		if status, out, errOut := hrmTrain(t, args...); status != statusOK {
			t.Fatal(out, errOut)
		}
	}
	mustRun(tinyRun(data, first, "--set", "steps=5", "--seed", "3")...)
	mustRun("export", first, "--out", model)
	mustRun(tinyRun(data, second, "--set", "steps=5", "--set", "init="+model, "--set", "lr=0", "--set", "halt_max_steps=7", "--set", "H_cycles=2")...)

	before, after := checkpointTensors(t, first), checkpointTensors(t, second)
	for _, name := range []string{"embed_tokens.embedding_weight", "H_init"} {
		if len(before[name]) == 0 || !bytes.Equal(before[name], after[name]) {
			t.Errorf("%s is not that of the model", name)
		}
	}
	again := filepath.Join(t.TempDir(), "again.hrm")
	mustRun(tinyRun(data, second, "--set", "steps=6", "--set", "halt_max_steps=7", "--set", "H_cycles=2")...) // the note survives a resume
	mustRun("export", second, "--out", again)
	m, err := readModel(again)
	if err != nil {
		t.Fatal(err)
	}
	if want := `preset "sudoku-cpu", 5 steps, seed 3, data `; !strings.HasPrefix(m.Meta[metaInitial], want) {
		t.Errorf("the header says %q, want %q...", m.Meta[metaInitial], want)
	}
}

func TestInitialModelRefuses(t *testing.T) {
	data, dir := writePuzzles(t, 5), t.TempDir()
	model := filepath.Join(t.TempDir(), "model.hrm")
	if status, _, errOut := hrmTrain(t, tinyRun(data, dir, "--set", "steps=1")...); status != statusOK {
		t.Fatal(errOut)
	}
	if status, _, errOut := hrmTrain(t, "export", dir, "--out", model); status != statusOK {
		t.Fatal(errOut)
	}
	for _, test := range []struct{ set, init, want string }{
		{"hidden_size=32", model, "the model has hidden_size 16, the configuration 32"},
		{"num_heads=1", model, "the model has num_heads 2, the configuration 1"},
		{"lr=1e-3", "none.hrm", "none.hrm"},
		{"lr=1e-3", data, "puzzles.csv"},
	} {
		args := tinyRun(data, t.TempDir(), "--set", "init="+test.init, "--set", test.set)
		if status, _, errOut := hrmTrain(t, args...); status != statusUsage || !strings.Contains(errOut, test.want) {
			t.Errorf("init %s with %s: status %d, %s", test.init, test.set, status, errOut)
		}
	}
}

// How a model halts comes with it, is taught, and survives a resume and the export.
func TestInitialModelHalts(t *testing.T) {
	data, first := writePuzzles(t, 20), t.TempDir()
	model, again := filepath.Join(t.TempDir(), "model.hrm"), filepath.Join(t.TempDir(), "again.hrm")
	mustRun := func(args ...string) {
		t.Helper()
		if status, out, errOut := hrmTrain(t, args...); status != statusOK {
			t.Fatal(out, errOut)
		}
	}
	mustRun(tinyRun(data, first, "--set", "steps=2", "--set", "ema=false")...)
	mustRun("export", first, "--out", model)
	for _, change := range []func(*runtime.Config){
		func(c *runtime.Config) { c.HaltRule = runtime.HaltOverContinue },
		func(c *runtime.Config) { c.HaltPool = runtime.SoftMin },
	} {
		m, err := readModel(model)
		if err != nil {
			t.Fatal(err)
		}
		change(&m.Config)
		want := m.Config
		changed, second := filepath.Join(t.TempDir(), "changed.hrm"), t.TempDir()
		if err := m.Save(changed); err != nil {
			t.Fatal(err)
		}
		mustRun(tinyRun(data, second, "--set", "steps=2", "--set", "init="+changed)...)
		mustRun(tinyRun(data, second, "--set", "steps=3")...)
		mustRun("export", second, "--out", again)
		got, err := readModel(again)
		if err != nil || got.Config != want {
			t.Errorf("%v: %+v, want %+v", err, got.Config, want)
		}
		records, err := curve.ReadFile(filepath.Join(second, metricsFile))
		if err != nil || len(records) == 0 || (records[0].QContinueLoss > 0) != (want.HaltRule == runtime.HaltOverContinue) {
			t.Errorf("%v: %+v", err, records)
		}
	}
}
