package layers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Packages without an example whose output is compared: those that need a GPU, and
// those that only the project's own programs and tests import.
var withoutOutput = []string{"gpu", "gpu/wgpu", "train/webgpu"}

var ours = []string{"bench/", "examples/", "gpu/gputest", "runtime/golden", "train/traintest", "wasm/guest", "wasm/npm/"}

// Every public package has an Example, with its output.
func TestExamples(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.Name}} {{.ImportPath}} {{.Dir}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		path := strings.TrimPrefix(fields[1], module)
		if fields[0] == "main" || strings.Contains(path, "internal/") || among(path, ours) {
			continue
		}
		seen++
		source := tests(t, fields[2])
		if !strings.Contains(source, "\nfunc Example") {
			t.Errorf("%s has no Example", path)
		} else if !strings.Contains(source, "// Output:") && !among(path, withoutOutput) {
			t.Errorf("%s has no Example with an output", path)
		}
	}
	if seen < 30 {
		t.Errorf("%d public packages, want more", seen)
	}
}

// tests returns the test files of a folder.
func tests(t *testing.T, dir string) string {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
