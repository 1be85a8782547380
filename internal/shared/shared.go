// Package shared finds the folder of reference cases and real puzzles that
// lies beside a checkout and is not part of it, but for the two smallest cases.
// Only tests import it.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder named by HRM_SHARED, or else the first folder
// "shared" beside the module's root or one of its parents. Without one the
// test is skipped.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root := find()
	if len(elem) == 2 && elem[0] == "golden" {
		if dir := own(elem[1]); root == "" && dir != "" {
			return dir
		}
	}
	if root == "" {
		t.Skip("no ../shared folder: set HRM_SHARED to the folder that holds golden/ and data/")
	}
	dir := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%v", err)
	}
	return dir
}

// Golden returns the folders of the reference cases: those of the shared folder,
// and without one those that are part of the repository.
func Golden(t testing.TB) []string {
	t.Helper()
	dir := own("")
	if root := find(); root != "" {
		dir = filepath.Join(root, "golden")
	}
	indexes, err := filepath.Glob(filepath.Join(dir, "*", "index.json"))
	if err != nil || len(indexes) == 0 {
		t.Fatalf("no reference cases in %s: %v", dir, err)
	}
	for i := range indexes {
		indexes[i] = filepath.Dir(indexes[i])
	}
	return indexes
}

// own returns the folder of a case that is part of the repository, "" when it is
// none.
func own(name string) string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			dir = filepath.Join(dir, "runtime", "golden", "testdata", name)
			if _, err := os.Stat(dir); err != nil {
				return ""
			}
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return ""
}

// Find is Dir for a file or folder that a test can do without: it returns ""
// where there is none.
func Find(elem ...string) string {
	root := find()
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); root == "" || err != nil {
		return ""
	}
	return path
}

func find() string {
	if dir := os.Getenv("HRM_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil {
		candidate := filepath.Join(dir, "shared", "golden")
		if _, err := os.Stat(candidate); err == nil {
			return filepath.Dir(candidate)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return ""
}
