package weights

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program in docs/model-file.md reads a file that is written here.
func TestReadInPython(t *testing.T) {
	python := "/usr/bin/python3" // Debian's, which has its packages, before another one
	if err := exec.Command(python, "-c", "import msgpack, numpy").Run(); err != nil {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import msgpack, numpy").Run(); err != nil {
		t.Skip("python3 with msgpack and numpy is not there:", err)
	}
	page, err := os.ReadFile("../../docs/model-file.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```python\n")
	program, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/model-file.md has no program in Python")
	}
	dir := t.TempDir()
	header := Header{Config: map[string]any{"family": "trm"}, Task: "sudoku"}
	if err := WriteFile(filepath.Join(dir, "model.hrm"), header, []Tensor{Of("w", F32, []float32{1, 2, 3, 4, 5, 6}, 2, 3)}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", program)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "w (2, 3)" {
		t.Errorf("got %q, %v, want \"w (2, 3)\"", out, err)
	}
}
