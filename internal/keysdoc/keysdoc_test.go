package main

import (
	"os"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/train/config"
)

// docs/keys.md has every key with the meaning that the code gives it.
func TestPage(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what train/config says: go run ./internal/keysdoc", path)
	}
	for _, key := range config.Keys() {
		if !strings.Contains(want, "\n- `"+key.Name+"`") {
			t.Errorf("%s is missing", key.Name)
		}
	}
	if n := strings.Count(want, "\n## "); n != len(sections)+1 {
		t.Errorf("%d headings, want %d: a key that begins a section is gone", n, len(sections)+1)
	}
}
