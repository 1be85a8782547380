package main

import (
	"bytes"
	"strings"
	"testing"
)

// The exit statuses are those of hrm solve.
func TestRun(t *testing.T) {
	const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	var rows []string
	for i := 0; i < 81; i += 9 {
		rows = append(rows, easy[i:i+9])
	}
	few := strings.Repeat(".", 80) + "1"
	for name, c := range map[string]struct {
		args   []string
		in     string
		status int
		lines  int
		words  string // on standard error
	}{
		"standard input": {nil, easy + "\n", 0, 1, ""},
		"an argument":    {[]string{easy}, "x", 0, 1, ""},
		"nine arguments": {rows, "", 0, 1, ""},
		"two puzzles":    {[]string{easy, easy}, "", 0, 2, ""},
		"unsolved":       {[]string{few}, "", 1, 1, ""},
		"anyway":         {[]string{"-anyway", "-restarts", "0", few}, "", 1, 1, ""},
		"unreadable":     {nil, "x\n", 2, 1, ""},
		"one of them":    {nil, easy + "\n" + easy[:80] + "\n", 2, 2, ""},
		"empty":          {nil, "", 2, 0, "hrm-wasi: the input holds no puzzle"},
		"a page":         {nil, "<!DOCTYPE html>", 2, 0, "a web page"},
		"a wrong flag":   {[]string{"-restart", "1"}, "", 2, 0, "flag provided but not defined"},
		"no model":       {[]string{"-model", "none.hrm"}, easy, 2, 0, "the host must grant the folder"},
		"help":           {[]string{"-h"}, "", 0, 0, "Exit status"},
	} {
		var out, errOut bytes.Buffer
		status := run(c.args, strings.NewReader(c.in), &out, &errOut)
		if status != c.status || strings.Count(out.String(), "\n") != c.lines || !strings.Contains(errOut.String(), c.words) || c.words == "" && errOut.Len() > 0 {
			t.Errorf("%s: status %d, %q, %q", name, status, out.String(), errOut.String())
		}
	}
}
