package cache

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, name := range []string{"sudoku", "HRM-checkpoint-ARC-2", "trm_7m.v2", "9x9"} {
		if err := Check(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", ".", "..", ".hidden", "-m", "a/b", `a\b`, "a b", "a\x00", "é", "dot.", strings.Repeat("x", 101)} {
		if err := Check(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestModels(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	if names, err := Names(); err != nil || names != nil {
		t.Errorf("before anything was kept: %v, %v", names, err)
	}
	for _, name := range []string{"b", "a"} {
		path, err := Path(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := models()
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"/.c.hrm.0123456789abcdef.tmp", "/notes.txt", "/.d.hrm"} { // of a writer that was killed, and others'
		if err := os.WriteFile(dir+other, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := Names(); err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%v, %v", names, err)
	}
	if _, ok := Lookup("a"); !ok {
		t.Error("a is not found")
	}
	if err := Remove("a"); err != nil {
		t.Error(err)
	}
	if _, ok := Lookup("a"); ok {
		t.Error("a is still there")
	}
	for _, name := range []string{"a", "../models/b", "notes.txt"} {
		if err := Remove(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("removing %s: %v", name, err)
		}
	}
}
