package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExport(t *testing.T) {
	model, dir := modelFile(t), t.TempDir()
	var sizes []int
	for _, more := range [][]string{nil, {"--int8"}} {
		out := filepath.Join(dir, "m.onnx")
		code, text, errOut := hrm(t, "", append([]string{"export", "--onnx", model, "-o", out}, more...)...)
		data, err := os.ReadFile(out)
		if code != statusOK || err != nil || !strings.HasPrefix(text, out) {
			t.Fatalf("%v: status %d, %q, %q: %v", more, code, text, errOut, err)
		}
		if !bytes.Contains(data, []byte("zH_next")) {
			t.Errorf("%v: no graph in the file", more)
		}
		sizes = append(sizes, len(data))
	}
	if sizes[1] >= sizes[0] {
		t.Errorf("int8 takes %d bytes, float32 %d", sizes[1], sizes[0])
	}
}

func TestExportMisuse(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.onnx")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{modelFile(t), "-o", out}, `"onnx"`},
		{[]string{"--onnx", modelFile(t)}, `"output"`},
		{[]string{"--onnx", "-o", out, "no-such.hrm"}, "no-such.hrm"},
		{[]string{"--onnx", "-o", out, modelFile(t), "--puzzle-input"}, "no puzzle table"},
		{[]string{"--onnx", "-o", filepath.Join(out, "below"), modelFile(t)}, "below"},
	} {
		if code, _, errOut := hrm(t, "", append([]string{"export"}, c.args...)...); code != statusUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: status %d, %q, want %q in it", c.args, code, errOut, c.want)
		}
	}
}
