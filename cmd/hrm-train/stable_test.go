package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/train/curve"
)

// rates returns the learning rate of every recorded step.
func rates(t *testing.T, dir string) map[int64]float64 {
	t.Helper()
	records, err := curve.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	rates := map[int64]float64{}
	for _, r := range records {
		if r.Kind == curve.Train {
			rates[r.Step] = r.LR
		}
	}
	return rates
}

// A run of warm-up, stable and decay is taken up again before its decay, to the bits of a
// run that was longer from the start, and a decay branches off it.
func TestStableRunGoesOn(t *testing.T) {
	data, dir := writePuzzles(t, 5), t.TempDir()
	wsd := []string{"--set", "lr_schedule=wsd", "--set", "lr_min_ratio=0", "--set", "lr=1e-3", "--set", "checkpoint_interval=2", "--set", "log_interval=1"}
	short, long := filepath.Join(dir, "short"), filepath.Join(dir, "long")
	mustRun := func(args ...string) string {
		t.Helper()
		status, _, errOut := hrmTrain(t, args...)
		if status != statusOK {
			t.Fatalf("%q: status %d, %s", args, status, errOut)
		}
		return errOut
	}
	mustRun(append(tinyRun(data, short, wsd...), "--set", "steps=10")...)
	if r := rates(t, short); r[8] != 1e-3 || r[9] != 5e-4 || r[10] != 0 {
		t.Errorf("rates %v, want 1e-3 until step 8, then 5e-4 and 0", r)
	}
	if step, err := checkpointStep(filepath.Join(short, stableFile)); err != nil || step != 8 {
		t.Errorf("%s is of step %d, want 8: %v", stableFile, step, err)
	}

	branch := filepath.Join(dir, "branch")
	said := mustRun("run", "--decay-from", short, "--steps", "4", "--out", branch)
	if r := rates(t, branch); r[9] != 7.5e-4 || r[10] != 5e-4 || r[12] != 0 || len(r) != 4 {
		t.Errorf("rates of the branch %v, want four from 7.5e-4 at step 9 to 0; %s", r, said)
	}

	if said := mustRun("run", "--resume", "--out", short, "--steps", "20"); !strings.Contains(said, stableFile) {
		t.Errorf("does not say that it goes on from %s: %s", stableFile, said)
	}
	mustRun(append(tinyRun(data, long, wsd...), "--set", "steps=20")...)
	again, whole := checkpointTensors(t, short), checkpointTensors(t, long)
	for name := range whole {
		if !bytes.Equal(again[name], whole[name]) {
			t.Errorf("%s has other bits than that of a run that was longer from the start", name)
		}
	}

	cosine := filepath.Join(dir, "cosine")
	mustRun(append(tinyRun(data, cosine, "--set", "lr_schedule=cosine"), "--set", "steps=2")...)
	for _, refused := range []struct{ from, says string }{{cosine, "cosine"}, {filepath.Join(dir, "none"), configFile}} {
		if status, _, errOut := hrmTrain(t, "run", "--decay-from", refused.from, "--out", filepath.Join(dir, "x")); status == statusOK || !strings.Contains(errOut, refused.says) {
			t.Errorf("%s: status %d, %s, want a word of %s", refused.from, status, errOut, refused.says)
		}
	}
}
