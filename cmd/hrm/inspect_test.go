package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestInspect(t *testing.T) {
	path := modelFile(t)
	code, out, _ := hrm(t, "", "inspect", "--json", path)
	var i inspection
	if err := json.Unmarshal([]byte(out), &i); err != nil || code != statusOK {
		t.Fatalf("status %d, %q: %v", code, out, err)
	}
	size := 2*11*16 + 2*16 + 2 + 2*(3*16*16+16*16+2*256*16+16*256)
	if i.Parameters != int64(size) || !i.HashOK || i.Problem != "" || i.Config["family"] != "hrm" || len(i.Tensors) != 14 {
		t.Errorf("got %+v, want %d parameters", i, size)
	}
}

// A summary of what the file is stands first, in lines of 80 columns.
func TestInspectSummary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sudoku.hrm")
	if code, _, errOut := hrm(t, "", "models", "export", "sudoku", "-o", path); code != statusOK {
		t.Fatal(errOut)
	}
	code, out, _ := hrm(t, "", "inspect", path)
	summary, _, _ := strings.Cut(out, "\n\n")
	summary = strings.Join(strings.Fields(summary), " ")
	if code != statusOK || !strings.HasPrefix(summary, path+": a TRM of 527,426 parameters for sudoku, int8, ") {
		t.Errorf("status %d, %s", code, summary)
	}
	for _, want := range []string{"grid 9 x 9, no other", "thinks 16 segments at most, each of 3 x 3 cycles (H x L)", "reaches 70.84 % exact (1996 puzzles of valid.csv.gz,", "trained 37519 steps of preset sudoku-gpu, 11m0s on webgpu/NVIDIA H200", "sha256 ok"} {
		if !strings.Contains(summary, want) {
			t.Errorf("no %q in %s", want, summary)
		}
	}
	i := inspection{Path: "x.hrm", Meta: map[string]string{
		"licence": strings.Repeat("word ", 60), "validation_exact_accuracy": "0.5", "validation_exact_accuracy:hard": "0.25", "validation_setting:hard": "9 puzzles",
	}}
	var b strings.Builder
	if err := i.summary(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if text := b.String(); !strings.Contains(text, "50.00 % exact (it does not say of what); 25.00 % exact (9 puzzles)") {
		t.Error(text)
	}
}

func TestInspectDamaged(t *testing.T) {
	path := modelFile(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := hrm(t, "", "inspect", path)
	if code != statusFailed || !strings.Contains(out, "WRONG") {
		t.Errorf("status %d, %q", code, out)
	}
	if code, _, errOut := hrm(t, "", "solve", "-m", path, easy); code != statusUsage || !strings.Contains(errOut, "sha256") {
		t.Errorf("solve: status %d, %q", code, errOut)
	}
	code, _, errOut := hrm(t, "", "inspect", writeFile(t, "x.hrm", "no model"))
	if code != statusUsage || !strings.Contains(errOut, "x.hrm") {
		t.Errorf("no model: status %d, %q", code, errOut)
	}
}

func TestBench(t *testing.T) {
	code, out, errOut := hrm(t, "", "bench", "-m", modelFile(t), "--lanes", "1,2", "--seconds", "0.01", "--json")
	var r benchReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != statusOK {
		t.Fatalf("status %d, %q, %q: %v", code, out, errOut, err)
	}
	if len(r.Rows) != 2 || r.Rows[1].Lanes != 2 || r.Rows[0].Seconds <= 0 || r.PeakGFLOPS <= 0 || r.Rows[0].Share <= 0 {
		t.Errorf("got %+v", r)
	}
}

// 24 blocks of 3,407,872 weights over 82 positions, and attention.
func TestFullSizeOperations(t *testing.T) {
	f := benchFlags{grid: fullSize.Grid()}
	if got := f.flop(&fullSize) / 1e9; got < 13.7 || got > 13.8 {
		t.Errorf("%.2f GFLOP a segment, want 13.7", got)
	}
}
