package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// candidates is a model whose positions are candidates, trained on 9 x 9.
const candidates = "../../train/start/sudoku-candidates.hrm"

// sixteen is a 16 x 16 with one solution: few cells are blank.
func sixteen(digits, between string) (question, answer string) {
	var q, a []string
	for i := range 256 {
		row, col := i/16, i%16
		d := digits[(row%4*4+row/4+col)%16]
		if a = append(a, string(d)); i%20 == 0 {
			d = '.'
		}
		q = append(q, string(d))
	}
	return strings.Join(q, between), strings.Join(a, between)
}

// A model of candidates solves sudokus of other sizes than its own, and the answer is
// written as the question.
func TestSolveSudokusOfOtherSizes(t *testing.T) {
	q16, a16 := sixteen("123456789ABCDEFG", "")
	letters, lettersA := sixteen("ABCDEFGHIJKLMNOP", "")
	fromZero, fromZeroA := sixteen("0123456789abcdef", "")
	for _, c := range []struct {
		name, want string
		stdin      string
		args       []string
	}{
		{"4 x 4, a line", "1324423131422413", "", []string{"1.....3....2.4.."}},
		{"4 x 4, rows as arguments", "1243342143122134", "", []string{"1...", "..2.", ".3..", "...4"}},
		{"4 x 4, letters in a frame", "ABDCCDBADCABBACD", "+--+--+\n|A.|..|\n|..|B.|\n+--+--+\n|.C|..|\n|..|.D|\n+--+--+\n", nil},
		{"16 x 16", a16, q16 + "\n", nil},
		{"16 x 16, letters", lettersA, inRows(letters, 16), nil},
		{"16 x 16, from 0", fromZeroA, inRows(fromZero, 16), nil},
	} {
		code, out, errOut := hrm(t, c.stdin, append([]string{"solve", "-m", candidates}, c.args...)...)
		if code != statusOK || !strings.HasPrefix(out, c.want+"  solved") {
			t.Errorf("%s: status %d, %q, %q, want %s", c.name, code, out, errOut, c.want)
		}
	}
	code, out, errOut := hrm(t, "question\n"+q16+"\n1.....3....2.4..\n", "solve", "-m", candidates, "--json")
	var sizes []int
	for line := range strings.Lines(out) {
		var r struct {
			Rows  int
			Valid bool
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || !r.Valid {
			t.Errorf("%s: %v", line, err)
		}
		sizes = append(sizes, r.Rows)
	}
	if code != statusOK || len(sizes) != 2 || sizes[0] != 16 || sizes[1] != 4 {
		t.Errorf("status %d, sizes %v, %s", code, sizes, errOut)
	}
	if code, _, errOut := hrm(t, "", "solve", "-m", candidates, strings.Repeat(".", 37)); code != statusUsage || errOut == "" {
		t.Errorf("37 cells: status %d, %q", code, errOut)
	}
	if code, _, errOut := hrm(t, "", "solve", "-m", candidates, "A...", "..4.", ".C..", "...D"); code != statusUsage || !strings.Contains(errOut, "arguments 1 to 4: line 1, column 1: found \"A\" in a sudoku of 4 x 4, want 1 to 4, or . or 0 for a blank cell; or letters: A to D") {
		t.Errorf("two ways of writing: status %d, %q", code, errOut)
	}
	for text, want := range map[string]string{"1......": "7 cells", strings.Repeat(".", 16): "several solutions", "11..............": "row 1 holds 1 twice"} {
		if code, out, errOut := hrm(t, "", "solve", "-m", candidates, text); code == statusOK || !strings.Contains(out+errOut, want) {
			t.Errorf("%s: status %d, %q, %q, want %q", text, code, out, errOut, want)
		}
	}
}

func inRows(text string, n int) (rows string) {
	for ; text != ""; text = text[n:] {
		rows += text[:n] + "\n"
	}
	return rows
}

// A sudoku of another size goes to the embedded model for those, however it is written;
// others say which one takes it.
func TestEmbeddedModelForSizes(t *testing.T) {
	q16, _ := sixteen("123456789ABCDEFG", "")
	numbers := strings.NewReplacer("A", "10", "B", "11", "C", "12", "D", "13", "E", "14", "F", "15", "G", "16").Replace(strings.Join(strings.Split(q16, ""), " "))
	for name, c := range map[string]struct {
		size, stdin string
		args        []string
	}{
		"an argument": {"4 x 4", "", []string{"1.....3....2.4.."}},
		"rows":        {"4 x 4", "", []string{"1...", "..3.", "...2", ".4.."}},
		"input":       {"4 x 4", "1...\n..3.\n...2\n.4..\n", nil},
		"a table":     {"16 x 16", "question\n" + q16 + "\n", nil},
		"numbers":     {"16 x 16", numbers + "\n", nil},
		"JSON":        {"4 x 4", `["1.....3....2.4.."]`, nil},
	} {
		args := append([]string{"solve", "--max-segments", "2", "--restarts", "0"}, c.args...)
		if code, out, errOut := hrm(t, c.stdin, args...); code == statusUsage || c.size == "4 x 4" && !strings.Contains(out, "1324423131422413") {
			t.Errorf("%s: status %d, %q, %q", name, code, out, errOut)
		}
		args = append(args, "--model", "sudoku")
		if code, _, errOut := hrm(t, c.stdin, args...); code != statusUsage || !strings.Contains(errOut, c.size+", want 9 x 9; this model is for 9 x 9 alone: --model sudoku-sizes takes") {
			t.Errorf("%s: status %d, %q", name, code, errOut)
		}
	}
	file := writeFile(t, "four.txt", "1.....3....2.4..\n")
	if code, out, errOut := hrm(t, "", "solve", file); code != statusOK || !strings.Contains(out, "1324423131422413") {
		t.Errorf("a file: status %d, %q, %q", code, out, errOut)
	}
}

func TestEvalSudokusOfSeveralSizes(t *testing.T) {
	q16, a16 := sixteen("ABCDEFGHIJKLMNOP", "")
	data := writeFile(t, "sizes.csv", "question,answer\n1.....3....2.4..,1324423131422413\n"+q16+","+a16+"\n"+easy+","+easyAnswer+"\n")
	code, out, errOut := hrm(t, "", "eval", "-m", candidates, "--data", data, "--json", "--max-segments", "2")
	var r struct {
		Puzzles int
		BySize  map[string]struct{ Puzzles int } `json:"by_size"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != statusOK {
		t.Fatalf("status %d, %q, %q: %v", code, out, errOut, err)
	}
	if r.Puzzles != 3 || len(r.BySize) != 3 || r.BySize["16x16"].Puzzles != 1 {
		t.Errorf("%+v", r)
	}
}

func TestInspectSaysWhichSudokus(t *testing.T) {
	if _, out, _ := hrm(t, "", "inspect", candidates); !strings.Contains(out, "16 x 16, or any other square grid with boxes, up to 25 x 25") {
		t.Error(out)
	}
}
