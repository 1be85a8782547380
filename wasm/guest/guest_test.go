package guest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/solver/record"
	"github.com/hrmgo/hrm/wasm/abi"
)

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// lines returns what Lines writes, and its tally.
func lines(t *testing.T, in string, o abi.Options) (out []record.Record, tally Tally) {
	t.Helper()
	var g Guest
	var b bytes.Buffer
	tally, err := g.Lines(&b, strings.NewReader(in), o)
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(b.String()) {
		var line record.Record
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	return out, tally
}

// Lines reads what hrm solve reads, and its tally gives the same exit statuses.
func TestLines(t *testing.T) {
	nine := ""
	for i := 0; i < 81; i += 9 {
		nine += easy[i:i+9] + "\n"
	}
	none := "12345678" + strings.Repeat(".", 36) + "9" + strings.Repeat(".", 36)
	for name, c := range map[string]struct {
		in     string
		tally  Tally
		status int
		words  string // in the last line's error
	}{
		"a line":         {easy, Tally{Solved: 1}, 0, ""},
		"rows, captions": {"Grid 1\n" + nine + "Grid 2\n" + nine, Tally{Solved: 2}, 0, ""},
		"JSON":           {`["` + easy + `"]`, Tally{Solved: 1}, 0, ""},
		"a table":        {"Id;Puzzle\n1;" + easy + "\n", Tally{Solved: 1}, 0, ""},
		"a slip":         {easy + "\n" + easy[:80] + "x\n", Tally{Solved: 1, Bad: 1}, 2, "found 'x'"},
		"words":          {"x", Tally{Bad: 1}, 2, "found 'x', want 1 to 9, or '.' or '0' for a blank cell; a sudoku is"},
		"no solution":    {none, Tally{Unsolved: 1}, 1, "cannot be solved: it has no solution"},
		"nothing":        {"", Tally{}, 2, ""},
		"blank lines":    {"\n\n", Tally{}, 2, ""},
	} {
		got, tally := lines(t, c.in, abi.Options{})
		if tally != c.tally || tally.Status() != c.status {
			t.Errorf("%s: %+v, status %d, want %+v, %d", name, tally, tally.Status(), c.tally, c.status)
		}
		if c.words != "" && !strings.Contains(got[len(got)-1].Error, c.words) {
			t.Errorf("%s: %+v, want %q", name, got, c.words)
		}
	}
	got, tally := lines(t, none, abi.Options{Anyway: true, Attempts: 1})
	if tally != (Tally{Unsolved: 1}) || got[0].Solution == nil || got[0].Question == "" {
		t.Errorf("anyway: %+v, %+v", got, tally)
	}
}

// The plugin reads a puzzle's text as the command does.
func TestSolveReadsAlike(t *testing.T) {
	var g Guest
	framed := "+-------+\n"
	for i := 0; i < 81; i += 9 {
		framed += "| " + strings.ReplaceAll(easy[i:i+9], ".", "-") + " |\n"
	}
	few := strings.Repeat(".", 80) + "1"
	results, err := g.Solve([]abi.Puzzle{{Text: framed}, {Text: "play?bd=" + easy}, {Text: easy + "\n" + easy}, {Text: few}, {Text: "12x"}}, abi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []abi.Kind{"", "", abi.KindPuzzle, abi.KindNoAnswer, abi.KindPuzzle} {
		r := &results[i]
		if want == "" && !r.Valid() || want != "" && (r.Error == nil || r.Error.Kind != want) {
			t.Errorf("puzzle %d: %+v, want %q", i, r, want)
		}
	}
}

// A plugin with a model of candidates takes sudokus of all sizes.
func TestSudokusOfAllSizes(t *testing.T) {
	data, err := os.ReadFile("../../train/start/sudoku-candidates.hrm")
	if err != nil {
		t.Fatal(err)
	}
	var g Guest
	if err := g.open(data, "sudoku"); err != nil {
		t.Fatal(err)
	}
	results, failed := g.Solve([]abi.Puzzle{{Text: "1.....3....2.4.."}, {Text: "A...\n..B.\n.C..\n...D"}, {Text: "1.....3....2.4..", Rows: 4, Cols: 4}}, abi.Options{})
	if failed != nil || len(results) != 3 {
		t.Fatal(failed)
	}
	for i, want := range []string{"1324423131422413", "ABDCCDBADCABBACD", "1324423131422413"} {
		if r := results[i]; r.Error != nil || r.Answer != want || r.Rows != 4 || r.Cols != 4 {
			t.Errorf("puzzle %d: %+v", i, r)
		}
	}
}
