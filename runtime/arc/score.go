package arc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Score is the share of tests that are solved by the first attempt, and by one of two.
type Score struct {
	Tests int     `json:"tests"`
	Pass1 float64 `json:"pass_1"`
	Pass2 float64 `json:"pass_2"`

	first, second int
}

func (s *Score) add(rank int) {
	s.Tests++
	if rank == 1 {
		s.first++
	}
	if rank > 0 {
		s.second++
	}
	s.Pass1, s.Pass2 = float64(s.first)/float64(s.Tests), float64(s.second)/float64(s.Tests)
}

// Scores adds up the tests whose answers are known.
type Scores struct {
	ByTask map[string]*Score
	BySize map[string]*Score // of the output, as 3x5
}

// Add counts a result, where the answer is known.
func (s *Scores) Add(r *Result) {
	want := r.Task.Test[r.Test].Output
	if len(want.Cells) == 0 {
		return
	}
	if s.ByTask == nil {
		s.ByTask, s.BySize = map[string]*Score{}, map[string]*Score{}
	}
	rank := r.Rank(want)
	of(s.ByTask, r.Task.ID).add(rank)
	of(s.BySize, fmt.Sprintf("%dx%d", want.Rows, want.Cols)).add(rank)
}

func of(scores map[string]*Score, name string) *Score {
	if scores[name] == nil {
		scores[name] = &Score{}
	}
	return scores[name]
}

// Pass returns the shares of tasks that are solved; a task with several tests counts in
// part.
func (s *Scores) Pass() (first, second float64) {
	for _, name := range slices.Sorted(maps.Keys(s.ByTask)) { // sums in one order
		first += s.ByTask[name].Pass1
		second += s.ByTask[name].Pass2
	}
	n := float64(max(1, len(s.ByTask)))
	return first / n, second / n
}

// Solved returns the names of the tasks of which all tests are solved by one of two
// attempts, sorted.
func (s *Scores) Solved() (names []string) {
	for name, t := range s.ByTask {
		if t.Pass2 == 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Sizes returns the keys of BySize by their cells.
func (s *Scores) Sizes() []string {
	cells := func(name string) int {
		var rows, cols int
		fmt.Sscanf(name, "%dx%d", &rows, &cols)
		return rows * cols
	}
	return slices.SortedFunc(maps.Keys(s.BySize), func(a, b string) int {
		return cmp.Or(cells(a)-cells(b), strings.Compare(a, b))
	})
}
