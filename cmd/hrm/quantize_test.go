package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuantize(t *testing.T) {
	model, out := modelFile(t), filepath.Join(t.TempDir(), "small.hrm")
	data := writeFile(t, "data.csv", "question,answer\n"+easy+","+easyAnswer+"\n")
	for _, c := range []struct {
		to    string
		least float64 // cosine of a tensor
	}{{"int8", 0.9998}, {"bf16", 0.99999}, {"fp16", 0.999999}} {
		code, text, errOut := hrm(t, "", "quantize", model, "--to", c.to, "-o", out, "--data", data, "--json")
		var r quantizeReport
		if err := json.Unmarshal([]byte(text), &r); err != nil || code != statusOK {
			t.Fatalf("%s: status %d, %q, %q: %v", c.to, code, text, errOut, err)
		}
		if r.Puzzles != 1 || len(r.Segments) != 3 || r.Segments[0].HMin < 0.998 || r.After >= r.Before || len(r.Tensors) != 8 {
			t.Errorf("%s: %+v", c.to, r)
		}
		for _, e := range r.Tensors {
			if e.Cosine < c.least || e.MaxAbs == 0 {
				t.Errorf("%s: %+v, want a cosine of at least %v", c.to, e, c.least)
			}
		}
		if code, text, _ := hrm(t, "", "inspect", out); code != statusOK || !strings.Contains(text, c.to) {
			t.Errorf("%s: inspect: status %d, %q", c.to, code, text)
		}
	}
	code, text, _ := hrm(t, "", "quantize", model, "--to", "int8", "-o", out)
	if code != statusOK || !strings.Contains(text, "cosine") || strings.Contains(text, "halt") {
		t.Errorf("without puzzles: status %d, %q", code, text)
	}
	if code, _, errOut := hrm(t, "", "quantize", model, "--to", "int3", "-o", out); code != statusUsage || !strings.Contains(errOut, "want int8, fp16 or bf16") {
		t.Errorf("no such format: status %d, %q", code, errOut)
	}
}
