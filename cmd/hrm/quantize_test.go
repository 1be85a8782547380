package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuantize(t *testing.T) {
	model := modelFile(t)
	data := writeFile(t, "data.csv", "question,answer\n"+easy+","+easyAnswer+"\n"+easyAnswer+","+easyAnswer+"\n")
	for _, to := range []string{"int8", "fp16"} {
		out := filepath.Join(t.TempDir(), "q.hrm")
		code, text, errOut := hrm(t, "", "quantize", model, "--to", to, "-o", out, "--data", data, "--threads", "1", "--json")
		r := quantizeReport{agreement: &agreement{}}
		if err := json.Unmarshal([]byte(text), &r); err != nil || code != statusOK {
			t.Fatalf("%s: status %d, %q, %q: %v", to, code, text, errOut, err)
		}
		if len(r.Tensors) != 8 || r.After >= r.Before || r.Puzzles != 2 || r.Exact == nil || len(r.Segments) != 3 {
			t.Errorf("%s: got %+v", to, r)
		}
		for i, s := range r.Segments {
			if !(min(s.HMin, s.LMin) > 0.998) || s.HMean > 1.000001 {
				t.Errorf("%s: segment %d: %+v", to, i+1, s)
			}
		}
		if code, _, errOut := hrm(t, "", "solve", "-m", out, easy); code == statusUsage {
			t.Errorf("%s: the new model does not run: %s", to, errOut)
		}
	}
}

func TestQuantizeMisuse(t *testing.T) {
	code, _, errOut := hrm(t, "", "quantize", modelFile(t), "--to", "int4", "-o", filepath.Join(t.TempDir(), "q.hrm"))
	if code != statusUsage || !strings.Contains(errOut, "int4") || !strings.Contains(errOut, "int8") {
		t.Errorf("status %d, %q", code, errOut)
	}
}
