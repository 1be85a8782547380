package markdown

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Every document of the project has short lines and links that lead somewhere.
func TestDocuments(t *testing.T) {
	const root = "../.."
	names, err := Documents(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 15 || !slices.Contains(names, "README.md") {
		t.Fatalf("found %v, want README.md and what is in docs", names)
	}
	problems, err := Check(os.DirFS(root), names)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	for _, name := range names {
		document, err := os.ReadFile(root + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if Format(string(document)) != string(document) {
			t.Errorf("%s: not wrapped at %d: go run ./internal/mdlint -w", name, Width)
		}
	}
}

func TestFormat(t *testing.T) {
	word := strings.Repeat("x", 30)
	for name, c := range map[string]struct{ in, want string }{
		"paragraph":  {word + " " + word + "\n" + word + " " + word, word + " " + word + " " + word + "\n" + word},
		"item":       {"- " + word + " " + word + " " + word + " " + word, "- " + word + " " + word + " " + word + "\n  " + word},
		"items":      {"- a\n- b\n  c", "- a\n- b c"},
		"code":       {"a\n\n    " + word + " " + word + " " + word + " " + word, "a\n\n    " + word + " " + word + " " + word + " " + word},
		"fence":      {"```\na\nb\n```", "```\na\nb\n```"},
		"table":      {"| a |\n| - |\n| b |", "| a |\n| - |\n| b |"},
		"span":       {word + " " + word + " " + word + " `a b c d e f`", word + " " + word + " " + word + "\n`a b c d e f`"},
		"no list":    {word + " " + word + " " + word + " abc def - f", word + " " + word + " " + word + " abc\ndef - f"},
		"numbers":    {"1. " + word + " " + word + " " + word + " " + word, "1. " + word + " " + word + " " + word + "\n   " + word},
		"in a list":  {"- a\n\n      code of an item", "- a\n\n      code of an item"},
		"after list": {"- a\n\n```\nb\n```\n\n    c\n    d", "- a\n\n```\nb\n```\n\n    c\n    d"},
		"and text":   {"- a\n\nb\n\n    c\n    d", "- a\n\nb\n\n    c\n    d"},
		"paragraphs": {"a\nb\n\nc\nd", "a b\n\nc d"},
	} {
		if got := Format(c.in); got != c.want+"\n" {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	folder := fstest.MapFS{
		"a.md":     {Data: []byte("# A title, `of` code\n\n[here](#a-title-of-code) [there](b/c.md#x) [no](#none)\n[no](d.md) `[no](link)`\n\n    [no](link)\n")},
		"b/c.md":   {Data: []byte("## X\n## X\n[up](../a.md) [second](#x-1) [third](#x-2) [out](https://example.com)\n")},
		"long.md":  {Data: []byte(strings.Repeat("word ", 21))},
		"whole.md": {Data: []byte(strings.Repeat("w", 200))},
	}
	got, err := Check(folder, []string{"a.md", "b/c.md", "long.md", "whole.md"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a.md:3: #none: there is no heading #none",
		"a.md:4: d.md: there is no d.md",
		"b/c.md:3: #x-2: there is no heading #x-2",
		"long.md:1: 105 characters, want at most 100",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A decision of RATIONALE.md stands in bold, and its reason has at most 60 words.
func TestRationale(t *testing.T) {
	document, err := os.ReadFile("../../RATIONALE.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions := strings.Split(string(document), "\n- ")[1:]
	if len(decisions) < 100 {
		t.Fatalf("%d decisions, want more", len(decisions))
	}
	for _, d := range decisions {
		d, _, _ = strings.Cut(d, "\n\n")
		bold, reason, found := strings.Cut(strings.TrimPrefix(d, "**"), "**")
		if !found || !strings.HasPrefix(d, "**") {
			t.Errorf("no decision in bold: %.60s", d)
		}
		if n := len(strings.Fields(reason)); n > 60 {
			t.Errorf("%s: %d words, want at most 60", bold, n)
		}
	}
}
