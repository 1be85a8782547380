package puzzle

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// lists returns a grid as lists of rows in JSON, each cell as f writes it.
func lists(text string, cols int, f func(rune) string) string {
	var rows []string
	for i := 0; i < len(text); i += cols {
		var cells []string
		for _, c := range text[i : i+cols] {
			cells = append(cells, f(c))
		}
		rows = append(rows, "["+strings.Join(cells, ",")+"]")
	}
	return "[" + strings.Join(rows, ",") + "]"
}

func digit(c rune) string {
	if c == '.' {
		return "0"
	}
	return string(c)
}

func quotedCell(c rune) string { return fmt.Sprintf("%q", string(c)) }

func orNull(c rune) string {
	if c == '.' {
		return "null"
	}
	return string(c)
}

func TestJSONGrids(t *testing.T) {
	ints, answer := lists(easyQ, 9, digit), lists(easyA, 9, digit)
	flat := strings.NewReplacer("[[", "[", "]]", "]", "],[", ",").Replace(ints)
	rows, _ := json.Marshal(strings.Fields(nineLines(easyQ)))
	one := []string{easyQ}
	two := []string{easyQ, easyQ}
	for name, c := range map[string]struct {
		in   string
		want []string // the end of each
	}{
		"rows of numbers":    {ints, one},
		"rows of strings":    {lists(easyQ, 9, quotedCell), one},
		"rows with null":     {lists(easyQ, 9, orNull), one},
		"empty strings":      {strings.ReplaceAll(lists(easyQ, 9, quotedCell), `"."`, `""`), one},
		"floats":             {strings.ReplaceAll(ints, "0", "0.0"), one},
		"cells":              {flat, one},
		"strings of rows":    {string(rows), one},
		"list of lists":      {"[" + ints + "," + ints + "]", two},
		"list of cells":      {"[" + flat + "," + flat + "]", two},
		"list of strings":    {`["` + easyQ + `", "` + easyQ + `"]`, two},
		"string":             {`"` + easyQ + `"`, one},
		"rows in a string":   {`["` + strings.ReplaceAll(nineLines(easyQ), "\n", `\n`) + `"]`, one},
		"lines of strings":   {`"` + easyQ + "\"\n\"" + easyQ + "\"\n", two},
		"lines of lists":     {ints + "\n" + flat + "\n", two},
		"a row in each line": {"[" + strings.ReplaceAll(strings.Trim(ints, "[]"), "],[", "],\n[") + "]\n", one},
		"indented":           {strings.ReplaceAll(strings.ReplaceAll(ints, "],", "],\n  "), ",", ", "), one},
		"python":             {strings.ReplaceAll(strings.ReplaceAll(lists(easyQ, 9, quotedCell), `"."`, "None"), `"`, "'"), one},
		"trailing commas":    {strings.ReplaceAll(ints, "]", ",]"), one},
		"numpy":              {strings.ReplaceAll(strings.ReplaceAll(ints, "],", "]\n "), ",", " "), one},
		"objects":            {`[{"puzzle": "` + easyQ + `", "solution": "` + easyA + `"}, {"Puzzle": ` + ints + `}]`, two},
		"lines of objects":   {`{"id": 1, "quizzes": "` + easyQ + "\"}\n{\"quizzes\": \"" + easyQ + "\"}\n", two},
		"deep":               {`{"newboard": {"grids": [{"value": ` + ints + `, "solution": ` + answer + `, "difficulty": "Hard"}], "results": 1, "message": "All Ok"}}`, one},
		"map of names":       {`{"first": "` + easyQ + `", "second": ` + ints + `}`, two},
		"request":            {`{"puzzles": ["` + easyQ + `", ` + ints + `]}`, two},
		"other keys":         {`{"size": 9, "cells": [1,2,3], "note": "x", "sudoku": ` + ints + `, "tags": ["a"]}`, one},
		"own symbol":         {`["` + strings.ReplaceAll(easyQ, ".", "-") + `"]`, one},
		// What is wrong.
		"short":           {`["` + easyQ[:80] + `", "` + easyQ + `"]`, []string{"line 1, column 2: 80 cells, want 81", easyQ}},
		"bad cell":        {`["` + easyQ[:40] + "x" + easyQ[41:] + `"]`, []string{"line 1, column 2: character 41: found 'x', want 1 to 9, or '.' or '0' for a blank cell"}},
		"large number":    {strings.Replace(ints, "3", "13", 1), []string{"line 1, column 7: found 13, want 1 to 9, or '.' or '0' for a blank cell"}},
		"eight rows":      {"[" + ints[21:], []string{"line 1, column 1: a grid of 8 rows, want 9"}},
		"80 numbers":      {"[" + flat[3:], []string{"line 1, column 1: 80 cells, want 9 (a row) or 81 (a whole grid)"}},
		"twice":           {strings.Replace(ints, "[1", "[3", 1), []string{"row 1, character 3: row 1 holds 3 twice: no digit may stand twice in a row, column or box"}},
		"wrong answer":    {`{"puzzle": "` + easyQ + `", "solution": "` + swap(easyA, 1, 5) + `"}`, []string{"answer does not solve its question: wrong answer: box 1 holds 6 twice"}},
		"no puzzle":       {`{"a": 1, "b": [1, 2]}`, []string{"JSON without a sudoku; a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON"}},
		"no puzzle in it": {`[{"id": 3}, {"puzzle": "` + easyQ + `"}]`, []string{"an object without a puzzle, want a key question", easyQ}},
		"task":            {`{"train": [{"input": [[1]], "output": [[1]]}], "test": []}`, []string{"an ARC task, want a sudoku"}},
		"broken line":     {"{\"puzzle\": \"" + easyQ + "\n{\"puzzle\": \"" + easyQ + "\"}\n", []string{"in a string", easyQ}},
		"cut":             {ints[:60], []string{"the file ends in the middle of a JSON value"}},
	} {
		got := readAll(t, c.in, Sudoku{})
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q\n%s", name, got, c.want, c.in)
			continue
		}
		for i := range got {
			if !strings.HasSuffix(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q\n%s", name, got, c.want, c.in)
			}
		}
		if c.want[0] == easyQ { // the kind is recognised too
			if got := readAll(t, c.in, nil); len(got) != len(c.want) || !strings.HasSuffix(got[0], easyQ) {
				t.Errorf("%s: without a task: %q", name, got)
			}
		}
	}
}

func TestJSONFields(t *testing.T) {
	in := `{"question": "` + easyQ + `", "answer": "` + easyA + `", "source": "mine", "rating": 7.5}`
	r, err := NewReader(strings.NewReader(in), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := r.Next(); err != nil || p.Source != "mine" || p.Rating != 7 || (Sudoku{}).Decode(p.Answer) != easyA {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestJSONMazes(t *testing.T) {
	rows, _ := json.Marshal(strings.Split(strings.TrimSuffix(maze5.Render(mustEncode(t, maze5, smallMaze), nil), "\n"), "\n"))
	for _, in := range []string{string(rows), lists(smallMaze, 5, quotedCell), `{"maze": "` + smallMaze + `"}`, `["` + smallMaze + `"]`} {
		if got := readAll(t, in, maze5); len(got) != 1 || !strings.HasSuffix(got[0], ": "+smallMaze) {
			t.Errorf("%s: %q", in, got)
		}
	}
}

// FuzzJSONGrids gives arbitrary JSON, and a sound line behind it, which must be
// found where the first text was whole.
func FuzzJSONGrids(f *testing.F) {
	for _, s := range []string{lists(easyQ, 9, digit), `{"puzzle": "` + easyQ + `", "rating": 1e3}`, `[["5",null,'x'],[],{"a":{}}]`, `["` + easyQ + `",]`, "[1,2\n[3]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if !isJSON(string(in)) {
			return
		}
		all, _ := fuzzReader(t, in, Sudoku{})
		if !json.Valid(in) {
			return
		}
		more, _ := fuzzReader(t, append(append([]byte(nil), in...), "\n[\""+easyQ+"\"]"...), Sudoku{})
		if len(more) != len(all)+1 && !strings.Contains(string(in), "train") && !strings.Contains(string(in), "test") {
			t.Fatalf("a sound puzzle behind the JSON was lost: %d puzzles, then %d", len(all), len(more))
		}
	})
}

// FuzzUnpack gives arbitrary bytes as archives and encodings.
func FuzzUnpack(f *testing.F) {
	for _, s := range []string{zipped("a.txt", easyQ), zipped("a.csv", "question,x\n"+easyQ+",", "b.json", `["`+easyQ+`"]`), gz(zipped("a.txt", easyQ)), "\xff\xfe1\x00.\x00", "\xfe\xff\x001\x00."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := allocated()
		_ = readToEnd(Options{MaxUnpacked: 1 << 20}.NewReader(strings.NewReader(string(in)), Sudoku{}))
		if used := allocated() - before; used > perByte*(1<<20)+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(in))
		}
	})
}
