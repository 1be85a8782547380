package main

import (
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What a bar says is labelled, and fits with it into 80 columns.
func TestProgressSaysWhat(t *testing.T) {
	p := newProgress(io.Discard, 422_786, "puzzles")
	if text := p.describe("exact 66.7 %", 0); text != "0 of 422,786 puzzles, exact 66.7 %" {
		t.Errorf("at the start: %q", text)
	}
	p.done = 211_393
	text := p.describe("exact 100.0 %", 10*time.Hour)
	if text != "211,393 of 422,786 puzzles, exact 100.0 %, 10h0m0s left" {
		t.Errorf("half way: %q", text)
	}
	if n := utf8.RuneCountInString(text) + len(" 100% |") + 16 + len("|"); n > 80 {
		t.Errorf("%d columns: %s", n, text)
	}
	if text := newProgress(io.Discard, -1, "importing").describe("", time.Hour); text != "importing" {
		t.Errorf("of unknown length: %q", text)
	}
}

// The report of eval fits 80 columns, whatever the sources are called.
func TestReportFits(t *testing.T) {
	r := newReport(newOracle(t), &evalFlags{thinkFlags: thinkFlags{halt: "learned", restarts: 127}, check: true})
	r.Backend = "webgpu/NVIDIA GeForce RTX 4090 Laptop GPU"
	for _, source := range []string{strings.Repeat("long_", 20), "b"} {
		s := group(r.BySource, source)
		s.Puzzles, s.ExactAccuracy, s.ValidAccuracy, s.CellAccuracy, s.MeanSegments = 422_786, 1, new(float64), 1, 16
		*s.ValidAccuracy = 1
	}
	r.Segments[16] = 99
	for line := range strings.Lines(r.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
