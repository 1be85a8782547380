package puzzle

import (
	"slices"
	"testing"
)

// Both of two equal digits clash, in a row, a column or a box; blanks do not.
func TestClashes(t *testing.T) {
	tokens := slices.Repeat([]int32{SudokuBlank}, 81)
	tokens[0], tokens[10] = 5, 5   // one box
	tokens[40], tokens[44] = 7, 7  // one row
	tokens[60], tokens[78] = 9, 9  // one column
	tokens[8], tokens[80] = 3, 4   // nothing
	tokens[27], tokens[31] = 0, 0  // no digits
	tokens[72], tokens[79] = 6, 10 // nothing
	want := []int{0, 10, 40, 44, 60, 78}
	if got := where(Sudoku{}.Clashes(tokens)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	g := Grid{Rows: 2, Cols: 3, Alphabet: ".123", Blank: ".", Rules: "latin"}
	line := []int32{2, 3, 2, 2, 1, 1}
	if got := where(g.Clashes(line)); !slices.Equal(got, []int{0, 2, 3}) {
		t.Errorf("latin: %v", got)
	}
	if g.Rules = ""; len(where(g.Clashes(line))) > 0 {
		t.Error("clashes without rules")
	}
}

func where(marks []bool) (cells []int) {
	for i, m := range marks {
		if m {
			cells = append(cells, i)
		}
	}
	return cells
}

// The route is the path's cells in order; a path that does not connect has none.
func TestRoute(t *testing.T) {
	m := Maze{Rows: 3, Cols: 3}
	question, err := m.Encode("S# " + "   " + "# G")
	if err != nil {
		t.Fatal(err)
	}
	answer, steps, err := m.Solve(question)
	if err != nil {
		t.Fatal(err)
	}
	route := m.Route(question, answer)
	if len(route) != steps-1 {
		t.Errorf("route %v of %d steps", route, steps)
	}
	before := 0
	for _, cell := range route {
		if answer[cell] != MazePath || cell-before != 1 && cell-before != 3 {
			t.Errorf("route %v in %q", route, m.Decode(answer))
		}
		before = cell
	}
	if got := m.Route(question, question); got != nil {
		t.Errorf("route %v without a path", got)
	}
	if got := m.Route(question, answer[:4]); got != nil {
		t.Errorf("route %v of half an answer", got)
	}
}
