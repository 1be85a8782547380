package main

import (
	"bytes"
	"os"
	"os/exec"
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
		{[]string{"--onnx", "-o", out, modelFile(t), "--opset", "9"}, "no such opset: 9, want 13 to 23"},
		{[]string{"--onnx", "-o", out, modelFile(t), "--opset", "new"}, "--opset"},
		{[]string{"--onnx", "-o", out, modelFile(t), "--puzzle-input"}, "no puzzle table"},
		{[]string{"--onnx", "-o", filepath.Join(out, "below"), modelFile(t)}, "below"},
	} {
		if code, _, errOut := hrm(t, "", append([]string{"export"}, c.args...)...); code != statusUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: status %d, %q, want %q in it", c.args, code, errOut, c.want)
		}
	}
}

// The example of docs/cli.md runs as it is printed, and solves its puzzle, with
// the graph that the command before it writes.
func TestExportExampleOfTheDocs(t *testing.T) {
	modules, err := filepath.Abs("../../bench/peers/node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node")
	}
	if _, err := os.Stat(filepath.Join(modules, "onnxruntime-node")); err != nil {
		t.Skip("no onnxruntime-node: npm ci --ignore-scripts --prefix bench/peers/node")
	}
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok1 := strings.Cut(string(page), "```js\n")
	script, _, ok2 := strings.Cut(rest, "```")
	if !ok1 || !ok2 || !strings.Contains(string(page), "`hrm export --onnx -o segment.onnx`") {
		t.Fatal("docs/cli.md has no example")
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "segment.mjs"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, more := range [][]string{nil, {"--opset", "17"}} {
		if status, _, errOut := hrm(t, "", append([]string{"export", "--onnx", "-o", "segment.onnx"}, more...)...); status != statusOK {
			t.Fatalf("export %v: status %d, %q", more, status, errOut)
		}
		cmd := exec.CommandContext(t.Context(), node, "segment.mjs")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(out)) != easyAnswer {
			t.Errorf("%v: %v, %q, want %q", more, err, out, easyAnswer)
		}
	}
}
