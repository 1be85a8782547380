package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page and its plots are what bench/results says.
func TestReport(t *testing.T) {
	const root = "../.."
	files, err := report(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 4 {
		t.Errorf("%d files, want the page and its plots", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		} else if string(got) != want {
			t.Errorf("%s is not what bench/results says: go run ./bench/report", name)
		}
	}
}

func TestVerdict(t *testing.T) {
	for ratio, want := range map[float64]string{3.303: "3.30", 23.6: "24", 1.01: "1.01, even", 0.5: "0.50, **loses**"} {
		if got := verdict(ratio); got != want {
			t.Errorf("%v: got %q, want %q", ratio, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for in, want := range map[json.Number]string{"53.0": "53.0", "1106": "1106", "22462": "22,462", "2116160": "2,116,160"} {
		if got := digits(&in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// A file with a slip is refused with the place.
func TestRefuses(t *testing.T) {
	good, err := read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fill("docs/performance.md", "no marks", []string{"machines"}, good); err == nil || !strings.Contains(err.Error(), "<!-- report: machines -->") {
		t.Errorf("a page without marks: got %v", err)
	}
	good.Summary[0].Ours = "somebody"
	if _, err := good.summary(); err == nil || !strings.Contains(err.Error(), `"somebody"`) {
		t.Errorf("a row that is not there: got %v", err)
	}
}
