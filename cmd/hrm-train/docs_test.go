package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Every command that a document shows has a subcommand and flags of these names.
func TestDocumentedCommandsParse(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, deeper...)
	lines := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^    (?:\$ )?hrm-train (.*)$`).FindAllStringSubmatch(strings.ReplaceAll(string(text), "\\\n", ""), -1) {
			lines++
			line, _, _ := strings.Cut(m[1], " > ")
			cmd, rest, err := newRoot().Find(strings.Fields(line))
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil {
				t.Errorf("%s: hrm-train %s: %v", file, m[1], err)
			}
		}
	}
	if lines < 8 {
		t.Errorf("%d commands found, want more", lines)
	}
}

// The task that docs/arc.md shows is one.
func TestDocumentedTask(t *testing.T) {
	page, err := os.ReadFile("../../docs/arc.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/arc.md has no task in JSON")
	}
	r, err := puzzle.NewARCReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	task, err := r.Next()
	if err != nil || len(task.Train) != 2 || len(task.Test) != 1 {
		t.Errorf("got %+v, %v, want two demonstrations and a test", task, err)
	}
}
