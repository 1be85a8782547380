package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A model goes with a card that hubs can read; it replaces the card of the model
// before, and nobody's own file.
func TestModelCard(t *testing.T) {
	run, dir := t.TempDir(), t.TempDir()
	if status, _, errOut := hrmTrain(t, tinyRun(writePuzzles(t, 20), run, "--validation", writePuzzles(t, 9), "--set", "steps=3")...); status != statusOK {
		t.Fatal(errOut)
	}
	model, path := filepath.Join(dir, "tiny.hrm"), filepath.Join(dir, cardFile)
	export := func(more ...string) string {
		t.Helper()
		status, out, errOut := hrmTrain(t, append([]string{"export", run, "--out", model}, more...)...)
		if status != statusOK {
			t.Fatal(errOut)
		}
		return out
	}
	if export("--card", "none"); exists(path) {
		t.Error("--card none writes one")
	}
	export("--licence", "Apache-2.0")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(text, []byte("---\n"))
	front, body, found := bytes.Cut(rest, []byte("---\n"))
	var f frontMatter
	decoder := yaml.NewDecoder(bytes.NewReader(front))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil || !found {
		t.Fatalf("%v in %s", err, text)
	}
	if f.License != "apache-2.0" || f.Library != "hrm" || len(f.Index) != 1 || f.Index[0].Name != "tiny" || len(f.Index[0].Results) != 1 || f.Index[0].Results[0].Dataset.Name != "puzzles" || len(f.Index[0].Results[0].Metrics) != 2 {
		t.Errorf("front matter %+v", f)
	}
	for _, want := range []string{"# tiny\n", "A TRM (", "`sudoku`, grids of 9 x 9:", "hrm solve --model tiny.hrm PUZZLE", "| puzzles | 9 | ", "| preset | sudoku-cpu |", "| steps | 3 |", "hidden_size: 16", "\nApache-2.0\n"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	export("--licence", "CC0-1.0")
	if text, _ = os.ReadFile(path); !bytes.Contains(text, []byte("license: cc0-1.0")) {
		t.Error("the card is that of the model before")
	}
	if err := os.WriteFile(path, []byte("# My project\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := export()
	if text, _ = os.ReadFile(path); string(text) != "# My project\n" || !strings.Contains(out, "is no model card of hrm-train, and stays") {
		t.Errorf("%q: %s", text, out)
	}
	other := filepath.Join(dir, "CARD.md")
	if export("--card", other); !exists(other) {
		t.Error("no card where --card says")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
