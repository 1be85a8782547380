package main

import (
	"bytes"
	"encoding/json"
	"os"
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
		if _, text, _ := hrm(t, "", "inspect", out); !strings.Contains(text, to+"; an accuracy") {
			t.Errorf("%s: the header does not say that it was quantized: %s", to, text)
		}
		if code, _, errOut := hrm(t, "", "solve", "-m", out, easy); code == statusUsage {
			t.Errorf("%s: the new model does not run: %s", to, errOut)
		}
	}
}

// The same puzzles make the same file, of the size of one that is not calibrated.
func TestQuantizeCalibrates(t *testing.T) {
	model, dir := modelFile(t), t.TempDir()
	data := writeFile(t, "data.csv", "question,answer\n"+easy+","+easyAnswer+"\n"+easyAnswer+","+easyAnswer+"\n")
	quantize := func(name string, flags ...string) (*quantizeReport, []byte) {
		out := filepath.Join(dir, name)
		code, text, errOut := hrm(t, "", append([]string{"quantize", model, "--to", "int8", "-o", out, "--json"}, flags...)...)
		r := &quantizeReport{}
		if err := json.Unmarshal([]byte(text), r); err != nil || code != statusOK {
			t.Fatalf("status %d, %q, %q: %v", code, text, errOut, err)
		}
		file, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return r, file
	}
	_, nearest := quantize("nearest.hrm")
	r, file := quantize("a.hrm", "--calibrate", data, "--calibrate", data, "--calibrate-limit", "1")
	if _, again := quantize("b.hrm", "--calibrate", data, "--calibrate", data, "--calibrate-limit", "1"); !bytes.Equal(file, again) {
		t.Error("another file the second time")
	}
	longer := len(file) - len(nearest) // its header says more, in steps of 64 bytes
	if longer < 0 || longer > 64 || bytes.Equal(file, nearest) {
		t.Errorf("%d bytes, without calibration %d", len(file), len(nearest))
	}
	if r.Calibrated != 2 || len(r.Tensors) != 8 {
		t.Errorf("got %+v", r)
	}
	for _, e := range r.Tensors {
		if !(e.Output > 0 && e.Output < e.Nearest) {
			t.Errorf("%s: %+v", e.Name, e)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values              []float64
		mean, median, least float64
	}{{[]float64{2}, 2, 2, 2}, {[]float64{4, 1}, 2.5, 2.5, 1}, {[]float64{9, 1, 2}, 4, 2, 1}} {
		if mean, median, least := spread(c.values); mean != c.mean || median != c.median || least != c.least {
			t.Errorf("%v: mean %v, median %v, least %v", c.values, mean, median, least)
		}
	}
}

func TestQuantizeMisuse(t *testing.T) {
	model, out := modelFile(t), filepath.Join(t.TempDir(), "q.hrm")
	empty := writeFile(t, "empty.csv", "question,answer\n")
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--to", "int4"}, "int8"},
		{[]string{"--limit", "-1"}, "--limit"},
		{[]string{"--calibrate", empty}, "no puzzles"},
		{[]string{"--calibrate", empty, "--calibrate-limit", "-1"}, "--calibrate-limit"},
		{[]string{"--calibrate", empty, "--to", "fp16"}, "fp16"},
		{[]string{"--calibrate", "missing.csv"}, "missing.csv"},
	} {
		code, _, errOut := hrm(t, "", append([]string{"quantize", model, "-o", out}, c.flags...)...)
		if code != statusUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, %q", c.flags, code, errOut)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
}
