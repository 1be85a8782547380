//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestTwoRunsInOneFolder(t *testing.T) {
	data, dir := writePuzzles(t, 5), t.TempDir()
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	again := func() (int, string) {
		var out bytes.Buffer
		status := run(t.Context(), tinyRun(data, dir, "--set", "steps=2"), strings.NewReader(""), &out, &out)
		return status, out.String()
	}
	if status, out := again(); status != statusUsage || !strings.Contains(out, "another hrm-train is at work in "+dir) {
		t.Errorf("status %d, %s", status, out)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("the refused run wrote %v (%v)", names, err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock ends with the run
		if status, out := again(); status != statusOK {
			t.Errorf("status %d, %s", status, out)
		}
	}
}
