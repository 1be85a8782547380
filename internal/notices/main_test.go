package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the commands print is what they link.
func TestNoticesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("lists packages for three systems")
	}
	for name, parts := range map[string][]string{"hrm": {"cobra", "golang.org/x/sys", "wgpu-native"}, "hrm-train": {"gonum.org/v1/plot", "Liberation", "FreeType"}} {
		dir := filepath.Join("..", "..", "cmd", name)
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		want, err := collect(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s of %s is not current: run go run ./internal/notices ./cmd/hrm ./cmd/hrm-train", file, name)
		}
		for _, part := range append(parts, "Apache License", "The Go Authors") {
			if !strings.Contains(string(want), part) {
				t.Errorf("%s: nothing of %s", name, part)
			}
		}
	}
}
