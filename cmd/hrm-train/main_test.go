package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/version"
	"github.com/hrmgo/hrm/train/config"
)

// hrmTrain runs the command as a user would, and returns what it printed.
func hrmTrain(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &errOut)
	return status, out.String(), errOut.String()
}

func TestVersion(t *testing.T) {
	status, out, _ := hrmTrain(t, "version", "--json")
	var v version.Info
	if err := json.Unmarshal([]byte(out), &v); err != nil || status != statusOK {
		t.Fatalf("status %d, %q: %v", status, out, err)
	}
	if v.Version == "" || v.Go == "" || !strings.Contains(v.Platform, "/") {
		t.Errorf("incomplete: %+v", v)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{
		{"no-such-command"}, {"version", "--no-such-flag"}, {"version", "extra"}, {"presets", "sudoku-cpo"},
		{"plot"}, {"plot", "nowhere"}, {"plot", "x", "--over", "hours"}, {"plot", "x", "-o", "x.gif"},
	} {
		status, out, errOut := hrmTrain(t, args...)
		if status != statusUsage || out != "" || !strings.HasPrefix(errOut, "hrm-train: ") {
			t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, out, errOut)
		}
	}
}

func TestPresets(t *testing.T) {
	status, out, _ := hrmTrain(t, "presets")
	for _, name := range config.Presets() {
		if status != statusOK || !strings.Contains(out, name+" ") {
			t.Errorf("status %d, no %s in %q", status, name, out)
		}
	}
	_, out, _ = hrmTrain(t, "presets", "hrm-maze")
	c := config.Default()
	if err := c.Parse([]byte(out)); err != nil || c.Task != "maze" {
		t.Errorf("task %q, %v in %q", c.Task, err, out)
	}
}

func TestPlot(t *testing.T) {
	dir := t.TempDir()
	record := `{"kind":"train","step":10,"seconds":1,"loss":2}` + "\n" + `{"kind":"eval","step":10,"seconds":1,"exact_accuracy":0.5}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, metricsFile), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, magic := range map[string]string{"c.png": "\x89PNG", "c.svg": "<?xml"} {
		path := filepath.Join(dir, name)
		if status, _, errOut := hrmTrain(t, "plot", dir, "-o", path); status != statusOK {
			t.Fatal(errOut)
		}
		if picture, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(picture, []byte(magic)) {
			t.Errorf("%s: %.20q, %v", name, picture, err)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if c.Short == "" || (c.RunE == nil && !c.HasSubCommands()) {
			t.Errorf("%s: no short help or no RunE", c.Name())
		}
	}
}
