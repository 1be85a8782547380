package service

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/solver"
)

// A model of candidates takes sudokus of all sizes, as text and as lists, and answers as
// they are written.
func TestSudokusOfAllSizes(t *testing.T) {
	data, err := os.ReadFile("../../train/start/sudoku-candidates.hrm")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := solver.Parse(data, "sudoku", 2)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(newServer(t, s, Options{}))
	t.Cleanup(func() { web.Close(); s.Close() })
	status, results, problem := post(t, web.URL, `{"puzzles": ["1.....3....2.4..", "A...\n..B.\n.C..\n...D", ["1...", "..2.", ".3..", "...4"],
		[[1, 0, 0, 0], [0, 0, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]], "`+easy+`", "1.....3....2.4..5"]}`)
	if status != http.StatusOK || len(results) != 6 {
		t.Fatalf("status %d, %d results, %s", status, len(results), problem)
	}
	for i, want := range []string{"1324423131422413", "ABDCCDBADCABBACD", "1243342143122134", "1243342143122134"} {
		if r := results[i]; r.Solution == nil || r.Answer != want || r.Rows != 4 || !*r.Valid {
			t.Errorf("puzzle %d: %+v", i, r)
		}
	}
	if r := results[4]; r.Solution == nil || r.Rows != 9 || !*r.Valid {
		t.Errorf("9 x 9: %+v", r)
	}
	if r := results[5]; !strings.Contains(r.Error, "17 cells") {
		t.Errorf("17 cells: %+v", r)
	}
	// The service's own model says which one takes them.
	web, _ = startServer(t, solver.Options{}, Options{})
	if _, results, _ := post(t, web.URL, `{"puzzles": ["1.....3....2.4..", [[1, 0, 0, 0], [0, 0, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]]]}`); len(results) != 2 ||
		!strings.Contains(results[0].Error, "a sudoku of another size: 4 x 4, want 9 x 9") ||
		!strings.Contains(results[1].Error, "a sudoku of another size: 4 x 4, want 9 x 9") {
		t.Errorf("%+v", results)
	}
}
