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
	for _, more := range [][]string{nil, {"--to", "int8"}, {"--onnx", "--int8"}} { // the last as in the release before
		out := filepath.Join(dir, "m.onnx")
		code, text, errOut := hrm(t, "", append([]string{"export", model, "-o", out}, more...)...)
		data, err := os.ReadFile(out)
		if code != statusOK || err != nil || !strings.HasPrefix(text, out) {
			t.Fatalf("%v: status %d, %q, %q: %v", more, code, text, errOut, err)
		}
		if !bytes.Contains(data, []byte("zH_next")) {
			t.Errorf("%v: no graph in the file", more)
		}
		sizes = append(sizes, len(data))
	}
	if sizes[1] >= sizes[0] || sizes[2] != sizes[1] {
		t.Errorf("int8 takes %d bytes, --onnx --int8 %d, float32 %d", sizes[1], sizes[2], sizes[0])
	}
}

// The graph has the format of the model, unless --to says another.
func TestExportKeepsTheFormat(t *testing.T) {
	for want, more := range map[string][]string{"int8": nil, "float32": {"--to", "fp32"}} { // of the embedded model
		code, text, errOut := hrm(t, "", append([]string{"export", "-o", filepath.Join(t.TempDir(), "m.onnx")}, more...)...)
		if code != statusOK || !strings.Contains(text, ", "+want+",") {
			t.Errorf("%v: status %d, %q, %q", more, code, text, errOut)
		}
	}
}

func TestExportMisuse(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.onnx")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{modelFile(t), "-o", out, "--to", "fp16"}, "want int8 or fp32"},
		{[]string{modelFile(t)}, `"out"`},
		{[]string{"-o", out, "no-such.hrm"}, "no-such.hrm"},
		{[]string{"-o", out, modelFile(t), "--opset", "9"}, "no such opset: 9, want 13 to 23"},
		{[]string{"-o", out, modelFile(t), "--opset", "new"}, "--opset"},
		{[]string{"-o", out, modelFile(t), "--puzzle-input"}, "no puzzle table"},
		{[]string{"-o", filepath.Join(out, "below"), modelFile(t)}, "below"},
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
	if !ok1 || !ok2 || !strings.Contains(string(page), "`hrm export -o segment.onnx`") {
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
		if status, _, errOut := hrm(t, "", append([]string{"export", "-o", "segment.onnx"}, more...)...); status != statusOK {
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
