package main

import (
	"os"
	"strings"
	"testing"
)

// The picture in README.md shows a puzzle being solved. Its digits in between depend on
// how the processor's kernels round, so they are not compared.
func TestPicture(t *testing.T) {
	looks, err := think(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(looks) < 2 || count(looks[0].text) == "solved" || count(looks[len(looks)-1].text) != "solved" {
		t.Errorf("%d segments, want some that clash, and the last one solved", len(looks))
	}
	got, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	want := draw(looks)
	head, _, _ := strings.Cut(want, "viewBox")
	if !strings.HasPrefix(string(got), head) || !strings.Contains(string(got), ": solved</text>") || !strings.Contains(string(got), style) {
		t.Errorf("%s is of another version: go run ./internal/picture", path)
	}
}
