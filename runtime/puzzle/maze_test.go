package puzzle

import (
	"errors"
	"strings"
	"testing"
)

const (
	smallMaze = "S    " +
		"###  " +
		"     " +
		" ####" +
		"    G"
	smallPath = "Sooo " +
		"###o " +
		"oooo " +
		"o####" +
		"ooooG"
)

var maze5 = Maze{Rows: 5, Cols: 5}

func TestMazeSolve(t *testing.T) {
	q := mustEncode(t, maze5, smallMaze)
	a, steps, err := maze5.Solve(q)
	if err != nil {
		t.Fatal(err)
	}
	if got := maze5.Decode(a); got != smallPath || steps != 14 {
		t.Errorf("got %d steps\n%s", steps, maze5.Render(q, a))
	}
	if err := maze5.Check(q, a); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{strings.Replace(smallMaze, "G", " ", 1), strings.Replace(smallMaze, "     ", "#####", 1)} {
		if _, _, err := maze5.Solve(mustEncode(t, maze5, bad)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: got %v, want ErrFormat", bad, err)
		}
	}
}

func TestMazeCheck(t *testing.T) {
	longer := "Soooo" + "###oo" + "oooo " + "o####" + "ooooG"
	stray := smallPath[:4] + "o" + smallPath[5:]
	around := "Soooo" + "### o" + "ooooo" + "o####" + "ooooG"
	cases := []struct{ name, a, want string }{
		{"label", smallPath, ""},
		{"stray", stray, "1 marked cells lie beside"},
		{"two stray", longer, "2 marked cells lie beside"},
		{"longer", around, "16 steps, the shortest has 14"},
		{"broken", strings.Replace(smallPath, "###o", "### ", 1), "does not connect"},
		{"wall", strings.Replace(smallPath, "###o", "##oo", 1), "row 2, column 3 is '#' in the maze and 'o'"},
	}
	q := mustEncode(t, maze5, smallMaze)
	for _, c := range cases {
		err := maze5.Check(q, mustEncode(t, maze5, c.a))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if (c.name == "longer") != errors.Is(err, ErrNotShortest) {
			t.Errorf("%s: ErrNotShortest in %v", c.name, err)
		}
	}
}

func TestMazeReader(t *testing.T) {
	text := maze5.Render(mustEncode(t, maze5, smallMaze), nil)
	at := func(where string) string { return where + ": " + smallMaze }
	cases := []struct {
		name, in string
		want     []string
	}{
		{"text", text + "\n" + text, []string{at("line 1"), at("line 7")}},
		{"no empty line", text + text, []string{at("line 1"), at("line 6")}},
		{"one line", smallMaze, []string{at("line 1")}},
		{"dots", strings.ReplaceAll(text, " ", "."), []string{at("line 1")}},
		{"csv", "question,answer\n" + smallMaze + "," + smallPath, []string{at("line 2")}},
		{"short row", "S   \n" + text[6:] + "\n" + text, []string{"error: line 1: 4 cells, want 5 (a row) or 25 (a whole grid)", at("line 7")}},
		{"no goal", strings.Replace(text, "G", " ", 1), []string{"error: line 1, column 1: a maze without 'G', want one"}},
		{"two starts", strings.Replace(text, "G", "S", 1), []string{"error: line 5, column 5: found a second 'S', want one"}},
		{"path", strings.Replace(text, "###", "o##", 1), []string{"error: line 2, column 1: found 'o' in a question, want the maze without its path"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { compare(t, readAll(t, c.in, maze5), c.want) })
	}
}
