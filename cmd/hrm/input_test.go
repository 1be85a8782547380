package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver/record"
)

// A grid that is pasted without quotes is one puzzle.
func TestRowsAsArguments(t *testing.T) {
	nine := regexp.MustCompile(".{9}").FindAllString(easy, -1)
	file := writeFile(t, "more.txt", easy+"\n")
	bad := slices.Clone(nine)
	bad[3] = "8...o...3"
	for name, c := range map[string]struct {
		args []string
		want []string // where each is, and its error
	}{
		"nine rows":            {nine, []string{"arguments 1 to 9"}},
		"two grids":            {slices.Concat(nine, nine), []string{"arguments 1 to 9", "arguments 10 to 18"}},
		"rows and files":       {slices.Concat([]string{easy, file}, nine, []string{file}), []string{"argument 1", file + ": line 1", "arguments 3 to 11", file + ": line 1"}},
		"cells":                {strings.Split(easy, ""), []string{"arguments 1 to 81"}},
		"chunks of three":      {regexp.MustCompile(".{3}").FindAllString(easy, -1), []string{"arguments 1 to 27"}},
		"dashes":               {strings.Split(strings.ReplaceAll(strings.Join(nine, " "), ".", "x"), " "), []string{"arguments 1 to 9"}},
		"a slip":               {bad, []string{"arguments 1 to 9: line 4, column 5: found 'o', want 1 to 9, or '.' or '0' for a blank cell"}},
		"no file":              {[]string{"puzzels", easy}, []string{"argument 1: neither a file nor a puzzle: stat puzzels: no such file or directory; line 1, column 1: found 'p'", "argument 2"}},
		"a row missing":        {nine[:8], []string{"arguments 1 to 8: line 1: a grid of 8 rows, want 9"}},
		"a grid with newlines": {[]string{strings.Join(nine, "\n"), easy}, []string{"argument 1", "argument 2"}},
		"link":                 {[]string{"https://example.org/?bd=" + strings.ReplaceAll(easy, ".", "0")}, []string{"argument 1"}},
	} {
		var got []string
		for it := range inputs(c.args, nil, puzzle.Sudoku{}) {
			line := it.where
			if it.err != nil {
				line = it.because(it.err, puzzle.Sudoku{})
			} else if (puzzle.Sudoku{}).Decode(it.Question) != easy {
				line += ": another puzzle"
			}
			got = append(got, line)
		}
		if len(got) != len(c.want) || slices.ContainsFunc(got, func(s string) bool {
			return !strings.HasPrefix(s, c.want[slices.Index(got, s)])
		}) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if status, _, errOut := hrm(t, "", "solve", strings.ReplaceAll(easy[2:], ".", "-")); status != statusUsage || !strings.Contains(errOut, "stands behind --") {
		t.Errorf("dashes first: %d, %q", status, errOut)
	}
}

// A puzzle without one answer is said to be so before the model is asked.
func TestSolveExamines(t *testing.T) {
	none := "1234567" + strings.Repeat(".", 9) + "89" + strings.Repeat(".", 63)
	several := strings.NewReplacer("5", ".", "7", ".", "3", ".").Replace(easyAnswer)
	few := strings.Repeat(".", 79) + "12"
	for question, want := range map[string]string{none: "it has no solution", several: "it has several solutions", few: "clues too few, 2"} {
		status, out, errOut := hrm(t, "", "solve", question)
		if status != statusFailed || !strings.HasPrefix(out, question+"  not solved: "+want) || errOut != "" {
			t.Errorf("%s: %d, %q, %q", want, status, out, errOut)
		}
		status, out, _ = hrm(t, "", "solve", "--json", question)
		var r record.Record
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != statusFailed || r.Question != question ||
			!strings.HasPrefix(r.Error, "cannot be solved: "+want) || r.Solution != nil {
			t.Errorf("%s: %d, %q: %v", want, status, out, err)
		}
		status, out, _ = hrm(t, "", "solve", "--anyway", "--restarts", "0", question)
		if !strings.Contains(out, "; the puzzle cannot be solved: "+want) || !strings.Contains(out, " segment") {
			t.Errorf("%s: --anyway: %d, %q", want, status, out)
		}
		if status, out, _ = hrm(t, "", "solve", "--watch", question); status != statusFailed || !strings.Contains(out, want) {
			t.Errorf("%s: --watch: %d, %q", want, status, out)
		}
	}
	if status, _, errOut := hrm(t, none+"\n"+easy+"\n"+"5"+easy[:80]+"\n", "solve"); status != statusUsage || !strings.Contains(errOut, "1 of 3 solved, 1 could not be read") {
		t.Errorf("a contradiction among them: %d, %q", status, errOut)
	}
}

// A model that solves nothing stops at the time limit and says so.
func TestTimeLimit(t *testing.T) {
	model := modelFile(t)
	began := time.Now()
	status, out, errOut := hrm(t, "", "solve", "--model", model, "--restarts", "1000000000", "--time-limit", "50ms", easy)
	if took := time.Since(began); status != statusFailed || !strings.HasSuffix(out, ", the time limit\n") || took > 30*time.Second {
		t.Errorf("%d, %q, %q after %v", status, out, errOut, took)
	}
	if status, out, _ := hrm(t, "", "solve", "--json", "--model", model, "--restarts", "1000000000", "--time-limit", "50ms", easy); status != statusFailed || !strings.Contains(out, `"timed_out":true`) {
		t.Errorf("%d, %q", status, out)
	}
	if status, _, errOut := hrm(t, "", "solve", "--time-limit", "-1s", easy); status != statusUsage || !strings.Contains(errOut, "--time-limit is -1s") {
		t.Errorf("%d, %q", status, errOut)
	}
}

// A message names its file once.
func TestFileNamedOnce(t *testing.T) {
	model := modelFile(t)
	for name, args := range map[string][]string{
		"a page":         {"solve", writeFile(t, "p.html", "<!DOCTYPE html>")},
		"a broken zip":   {"solve", writeFile(t, "p.zip", "PK\x03\x04 and no more")},
		"a broken gzip":  {"solve", writeFile(t, "p.gz", "\x1f\x8b and no more")},
		"nothing in it":  {"solve", writeFile(t, "p.txt", "hello\n")},
		"a bad line":     {"solve", writeFile(t, "p.csv", "question,answer\nx,y\n")},
		"eval":           {"eval", "--data", writeFile(t, "p.bin", "\x00\x01\x02")},
		"a folder":       {"eval", "--data", t.TempDir()},
		"a missing file": {"eval", "--data", filepath.Join(t.TempDir(), "none.csv")},
		"a checkpoint":   {"quantize", model, "--to", "int8", "-o", model + "8", "--data", writeFile(t, "q.txt", "hello\n")},
	} {
		status, _, errOut := hrm(t, "", args...)
		file := args[len(args)-1]
		first, _, _ := strings.Cut(errOut, "\n")
		if status != statusUsage || strings.Count(first, file) != 1 {
			t.Errorf("%s: %d, %q", name, status, errOut)
		}
	}
}

// The attempts at the tests of ARC as Kaggle takes them.
func TestSubmission(t *testing.T) {
	l := newEcho()
	s, err := newSubmission(l.task)
	if err != nil {
		t.Fatal(err)
	}
	l.solver.Backend.Config().NumPuzzles = 1 // and so its row is every task's
	y := &tally{loaded: l, options: once}
	var out, errOut strings.Builder
	tasks := inputs([]string{writeFile(t, "b_challenges.json", echoTasks), writeFile(t, "a.json", `{"test": [{"input": [[3]]}, {"input": [[4, 10]]}]}`)}, nil, l.task)
	if err := y.solve(t.Context(), tasks, s.printer(&errOut)); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"known":[{"attempt_1":[[1,2,3],[4,5,6]],"attempt_2":[[1,2,3],[4,5,6]]},{"attempt_1":[[7,8]],"attempt_2":[[7,8]]}],` +
		`"unknown":[{"attempt_1":[[1]],"attempt_2":[[1]]}]}` + "\n"
	if out.String() != want || !strings.Contains(errOut.String(), "found 10, want a colour 0 to 9") {
		t.Errorf("%q, %q", out.String(), errOut.String())
	}
	if _, err := newSubmission(puzzle.Sudoku{}); err == nil {
		t.Error("a submission of sudokus")
	}
	if err := (&submission{}).Write(&out); err == nil {
		t.Error("a submission of nothing")
	}
}

// Questions and solutions of ARC in two files are measured together.
func TestEvalJoinsSolutions(t *testing.T) {
	dir := t.TempDir()
	questions, solutions := filepath.Join(dir, "q.json"), filepath.Join(dir, "s.json")
	for file, text := range map[string]string{questions: `{"a": {"test": [{"input": [[1]]}, {"input": [[2]]}]}}`, solutions: `{"a": [[[1]], [[3]]]}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := newEcho()
	l.model.Config.NumPuzzles = 0
	for name, c := range map[string]struct {
		data     []string
		answers  int
		unsolved string
	}{
		"both":           {[]string{questions, solutions}, 2, ""},
		"the other way":  {[]string{solutions, questions}, 2, ""},
		"questions only": {[]string{questions}, 0, "no answer to compare with"},
		"solutions only": {[]string{solutions}, 0, "a solution without its question"},
	} {
		f := evalFlags{data: c.data}
		var errOut strings.Builder
		items, err := f.read(l, nil, &errOut)
		n := 0
		for _, it := range items {
			if it.err == nil && it.Answer != nil {
				n++
			}
		}
		if n != c.answers || (err == nil) != (c.answers > 0) || !strings.Contains(errOut.String(), c.unsolved) {
			t.Errorf("%s: %d answers, %v, %q", name, n, err, errOut.String())
		}
	}
}

func TestVersionFlag(t *testing.T) {
	_, want, _ := hrm(t, "", "version")
	if status, out, errOut := hrm(t, "", "--version"); status != statusOK || out != want || errOut != "" || !strings.HasPrefix(out, "hrm ") {
		t.Errorf("%d, %q, %q, want %q", status, out, errOut, want)
	}
}
