package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
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
