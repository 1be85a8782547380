package puzzle

import (
	"io"
	"os"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
)

// readFile reads every puzzle of a file of the shared folder.
func readFile(t *testing.T, elem ...string) (Task, []Puzzle) {
	t.Helper()
	f, err := os.Open(shared.Dir(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := NewReader(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []Puzzle
	for {
		p, err := r.Next()
		if err == io.EOF {
			return r.Task(), all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestRealSudokus(t *testing.T) {
	task, all := readFile(t, "data", "sudoku", "valid.csv.gz")
	if task != (Sudoku{}) || len(all) != 1996 {
		t.Errorf("%d puzzles of %v", len(all), task)
	}
	for _, p := range all {
		if p.Answer == nil || p.Source == "" || p.Rating < 0 {
			t.Fatalf("incomplete: %+v", p)
		}
	}
}

// Every label of the published mazes is what Solve finds.
func TestRealMazes(t *testing.T) {
	for file, n := range map[string]int{"train.csv.gz": 1000, "valid.csv.gz": 300} {
		task, all := readFile(t, "data", "maze", file)
		if len(all) != n {
			t.Errorf("%s: %d mazes, want %d", file, len(all), n)
		}
		for _, p := range all {
			a, steps, err := task.(Maze).Solve(p.Question)
			if err != nil || steps < 109 || !slices.Equal(a, p.Answer) {
				t.Fatalf("%s, %s: %d steps, %v", file, p.Where, steps, err)
			}
		}
	}
}
