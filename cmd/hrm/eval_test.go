package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEvalReport(t *testing.T) {
	l := newOracle(t)
	other := "6" + easyAnswer[1:] // one cell wrong, so that the answer differs
	data := writeFile(t, "data.csv", "source,question,answer,rating\n"+
		"a,"+easy+","+easyAnswer+",0\n"+
		"a,"+easy+","+easyAnswer+",7\n"+
		"b,"+strings.Repeat(".", 81)+","+easyAnswer+",150\n"+
		"b,"+easy+","+other+",3\n")
	f := &evalFlags{data: []string{data}, thinkFlags: thinkFlags{halt: "learned"}}
	var errOut strings.Builder
	items, err := f.read(l, nil, &errOut)
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(l, f)
	if err := r.measure(t.Context(), items, once, &errOut); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Puzzles       int                        `json:"puzzles"`
		Unreadable    int                        `json:"unreadable"`
		Exact         float64                    `json:"exact_accuracy"`
		Cells         float64                    `json:"cell_accuracy"`
		MeanSegments  float64                    `json:"mean_segments"`
		PerSecond     float64                    `json:"puzzles_per_second"`
		HaltAccuracy  float64                    `json:"halt_accuracy"`
		ValidAccuracy float64                    `json:"valid_accuracy"`
		Segments      map[string]int             `json:"segments"`
		BySource      map[string]map[string]any  `json:"by_source"`
		ByRating      map[string]json.RawMessage `json:"by_rating"`
	}
	var out strings.Builder
	r.print(&out, true)
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Puzzles != 3 || got.Unreadable != 1 || got.Exact != 2./3 || got.MeanSegments != (2+2+4)/3. || got.PerSecond <= 0 {
		t.Errorf("got %+v", got)
	}
	if got.Cells < 0.66 || got.Cells > 0.67 || got.HaltAccuracy != 1 || got.ValidAccuracy != 2./3 {
		t.Errorf("got %+v", got)
	}
	if got.Segments["2"] != 2 || got.Segments["4"] != 1 || got.BySource["a"]["exact_accuracy"] != 1. || len(got.ByRating) != 3 {
		t.Errorf("got %+v", got)
	}
	text := r.String()
	for _, want := range []string{"exact accuracy  66.67 %", "150-199", "and 1 unreadable", "█"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestBuckets(t *testing.T) {
	for rating, want := range map[int]string{0: "0", 1: "1-4", 4: "1-4", 5: "5-9", 19: "10-19", 20: "20-49", 99: "50-99", 100: "100-149", 300: "300+", 5000: "300+"} {
		if got := bucket(rating); got != want {
			t.Errorf("bucket(%d) = %s, want %s", rating, got, want)
		}
	}
}

func TestEvalCommand(t *testing.T) {
	csv := "question,answer\n" + easy + "," + easyAnswer + "\n" + easy + "," + easyAnswer + "\n"
	code, out, errOut := hrm(t, csv, "eval", "-m", modelFile(t), "--data", "-")
	if code != statusOK || !strings.Contains(out, "puzzles         2\n") {
		t.Errorf("standard input: status %d, %q, %q", code, out, errOut)
	}
	data := writeFile(t, "data.csv", csv)
	code, out, errOut = hrm(t, "", "eval", "-m", modelFile(t), "--data", data, "--limit", "1", "--max-segments", "2", "--json")
	var r map[string]any
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != statusOK || r["puzzles"] != 1. || r["mean_segments"] != 2. {
		t.Errorf("status %d, %q, %q: %v", code, out, errOut, err)
	}
	code, _, errOut = hrm(t, easy, "eval", "-m", modelFile(t), "--data", writeFile(t, "bare.txt", easy))
	if code != statusUsage || !strings.Contains(errOut, "no answer to compare with") {
		t.Errorf("status %d, %q", code, errOut)
	}
}
