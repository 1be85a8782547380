// Package shared finds the folder of reference cases and real puzzles that
// lies beside a checkout and is never part of it. Only tests import it.
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
	if root == "" {
		t.Skip("no ../shared folder: set HRM_SHARED to the folder that holds golden/ and data/")
	}
	dir := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%v", err)
	}
	return dir
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
