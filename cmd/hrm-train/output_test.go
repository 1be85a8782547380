package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hrmgo/hrm/train/curve"
)

// The lines about a run fit a terminal of 80 columns, and what nobody knows yet is
// a dash.
func TestLinesFit(t *testing.T) {
	r := curve.Record{Step: 199_999, Loss: 2.345, Accuracy: 0.9999, ExactAccuracy: 0.9999, Puzzles: 512, Segments: 16, Set: strings.Repeat("w", 40)}
	var b strings.Builder
	report := newReporter(&b)
	report.state(1, "%s", describeTrain(r, 99*time.Hour+59*time.Minute))
	report.say("%s", onSet("step 199,999 on", r))
	report.say("%s", onSet(puzzles(199_999)+" of", r))
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if text := describeTrain(curve.Record{Step: 3, Loss: 2}, 0); text != "step 3  loss 2.000  cells -  exact -  0s left" {
		t.Errorf("before a puzzle ended: %q", text)
	}
	for d, want := range map[time.Duration]string{90 * time.Minute: "1h30m", 59 * time.Second: "59s", 61400 * time.Millisecond: "1m1s", 0: "0s"} {
		if got := short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// Every validation file has its loss and accuracies in the report, the metrics and the
// header; the first one chooses the best model.
func TestSeveralValidations(t *testing.T) {
	dir, data, a, b := t.TempDir(), writePuzzles(t, 20), writePuzzles(t, 9), writePuzzles(t, 5)
	hard := filepath.Join(filepath.Dir(b), "hard.csv")
	if err := os.Rename(b, hard); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := hrmTrain(t, tinyRun(data, dir, "--validation", a, "--validation", hard, "--set", "steps=10", "--set", "eval_interval=5")...)
	if status != statusOK {
		t.Fatal(errOut)
	}
	for _, want := range []string{"9 puzzles of puzzles: exact ", "5 puzzles of hard: exact ", "Next:\n  hrm solve --model " + dir + " PUZZLE\n  hrm-train export " + dir} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	for _, want := range []string{"5 puzzles for validation, hard", "step 5 on puzzles: exact ", "step 10 on hard: exact "} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %q in %s", want, errOut)
		}
	}
	records, err := curve.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, r := range records {
		if r.Kind == curve.Eval {
			found[r.Set]++
			if !(r.Loss > 0.1 && r.Loss < 10) || r.Accuracy <= 0 || r.Puzzles != map[string]int{"puzzles": 9, "hard": 5}[r.Set] {
				t.Errorf("%+v", r)
			}
		}
	}
	if len(found) != 2 || found["puzzles"] != 2 || found["hard"] != 2 {
		t.Errorf("evaluations %v", found)
	}
	meta := bestOf(t, dir)
	if !strings.HasPrefix(meta[metaSetting], "9 puzzles of puzzles.csv,") || !strings.HasPrefix(meta[metaSetting+":hard"], "5 puzzles of hard.csv,") || meta[metaExact+":hard"] == "" {
		t.Errorf("meta %v", meta)
	}
	if a, b := evalJSON(t, dir, hard), evalJSON(t, dir, hard); a.Loss <= 0 || a.Loss != b.Loss {
		t.Errorf("loss %v, again %v", a.Loss, b.Loss)
	}
}

// A run ends when its time is over, says so early, and what it never reaches.
func TestForEnds(t *testing.T) {
	began := time.Now()
	status, out, errOut := hrmTrain(t, tinyRun(writePuzzles(t, 20), t.TempDir(), "--for", "1s", "--set", "steps=10000000", "--set", "lr_warmup_steps=5000000")...)
	if status != statusOK || strings.Contains(out, "10,000,000 steps") || time.Since(began) > 30*time.Second {
		t.Errorf("status %d after %v: %s%s", status, time.Since(began), out, errOut)
	}
	for _, want := range []string{"at this pace --for 1s ends near step ", " of 10,000,000, and the schedule with it", "warning: lr_warmup_steps lies beyond that"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %q in %s", want, errOut)
		}
	}
}

// What is probably not meant is said before the first step.
func TestRunWarns(t *testing.T) {
	status, _, errOut := hrmTrain(t, tinyRun(writePuzzles(t, 20), t.TempDir(), "--set", "steps=1", "--set", "relations=", "--set", "H_layers=9")...)
	for _, want := range []string{"warning: pos_encodings is none", "warning: H_layers has no effect"} {
		if status != statusOK || !strings.Contains(errOut, want) {
			t.Errorf("status %d, no %q in %s", status, want, errOut)
		}
	}
}

func TestSetNames(t *testing.T) {
	got := strings.Join(setNames([]string{"a/valid.csv.gz", "b/valid.csv.gz", "c/hard.txt", "folder", ".csv"}), " ")
	if want := "a/valid b/valid hard folder .csv"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
