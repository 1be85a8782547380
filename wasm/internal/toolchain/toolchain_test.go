package toolchain

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The same sources give the same bytes, wherever they lie and whatever was
// compiled before.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything twice, without Go's cache")
	}
	root, binaryen := tools(t)
	m := Module{Name: "hrm-plugin", Package: "./wasm/plugin", GOOS: "wasip1", Reactor: true}
	first := built(t, m, root, binaryen)
	t.Setenv("GOCACHE", t.TempDir())
	if again := built(t, m, copyOf(t, root), binaryen); !bytes.Equal(again, first) {
		t.Errorf("%d bytes, and %d bytes from a copy of the sources: they differ", len(first), len(again))
	}
}

func built(t *testing.T, m Module, root string, binaryen *Binaryen) []byte {
	out := filepath.Join(t.TempDir(), "a.wasm")
	if err := m.Build(t.Context(), root, binaryen, out); err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// copyOf returns another folder with the files of this Go module.
func copyOf(t *testing.T, root string) string {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	names, err := cmd.Output()
	if err != nil {
		t.Skip("git does not list the files: ", said(err))
	}
	to := t.TempDir()
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}
