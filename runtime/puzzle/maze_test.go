package puzzle

import (
	"errors"
	"fmt"
	"io"
	"slices"
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
		{"spaces lost at the end", "S\n" + text[6:] + "\n" + text, []string{at("line 1"), at("line 7")}},
		{"short row", "S...\n###..\n....G\n\n" + text, []string{"error: line 1: 4 cells, want 5 as in other rows", at("line 5")}},
		{"caption", "Maze 1: easy\n" + text + "solve it\n" + text, []string{at("line 2"), at("line 8")}},
		{"unknown", strings.Replace(text, "####", "##?#", 1), []string{"error: line 4, column 4: found '?', want '#' (wall), ' ' or '.' (open), 'S', 'G' or 'o' (path)"}},
		{"nothing", "a text\nwithout any", []string{"error: line 1: no row of a maze; " + mazeForms}},
		{"no goal", strings.Replace(text, "G", " ", 1), []string{"error: line 1, column 1: a maze without 'G', want one"}},
		{"two starts", strings.Replace(text, "G", "S", 1), []string{"error: line 5, column 5: found a second 'S', want one"}},
		{"path", strings.Replace(text, "###", "o##", 1), []string{"error: line 2, column 1: found 'o' in a question, want the maze without its path"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { compare(t, readAll(t, c.in, maze5), c.want) })
	}
}

// JSON may hold mazes of other sizes, in lines or square.
func TestMazeJSON(t *testing.T) {
	in := `[{"maze": "S..\n##.\n..G\n...", "solution": "Soo\n##o\n..G\n..."}, {"maze": "S..G............"}, "S.....#.#...#..G"]`
	r, err := NewReader(strings.NewReader(in), maze5)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][2]int{{4, 3}, {4, 4}, {4, 4}} {
		if p, err := r.Next(); err != nil || p.Rows != want[0] || p.Cols != want[1] || len(p.Question) != want[0]*want[1] {
			t.Errorf("got %d x %d, %v", p.Rows, p.Cols, err)
		}
	}
}

// Sizes and characters that people use.
func TestMazeText(t *testing.T) {
	cases := []struct{ name, in, size, want string }{
		{"rectangle", "S   \n###.\n   G", "3x4", "S   ### ...G"},
		{"two rows", "S.\n.G", "2x2", "S  G"},
		{"square in a line", "S #  # G ", "3x3", "S #  # G "},
		{"blocks", "A█B\n   ", "2x3", "S#G   "},
		{"X walls, in and out", "iXX\n__o", "2x3", "S##  G"},
		{"digits", "s101\n000e", "2x4", "S# #   G"},
		{"begin and end", "B#\n.E", "2x2", "S# G"},
		{"start and end", "S#E\n...", "2x3", "S#G   "},
		{"start and finish b", "a#b\n...", "2x3", "S#G   "},
	}
	for _, c := range cases {
		p, err := Parse(maze5, c.in)
		if got := fmt.Sprintf("%dx%d", p.Rows, p.Cols); err != nil || got != c.size || maze5.Decode(p.Question) != strings.ReplaceAll(c.want, ".", " ") {
			t.Errorf("%s: got %s %q, %v", c.name, got, maze5.Decode(p.Question), err)
		}
	}
	for text, want := range map[string]string{
		"SA\n.G":                               "line 1, column 2: found 'S' and 'A', want one 'S'",
		"SG\n.E":                               "line 2, column 2: found 'G' and 'E', want one 'G'",
		"S.\n..":                               "a maze without 'G'",
		"S.G":                                  "line 1: 3 cells in one line, want rows, a square or 25",
		"S\n.\nG":                              "line 1: invalid puzzle: a maze of 3 x 1, want 2 x 2 to 255 x 255",
		strings.Repeat("....\n", 300) + "S..G": "a maze of 301 x 4",
	} {
		if _, err := Parse(maze5, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
	csv := "question,answer,rows,cols\n" + "S..# .G.,SooooG#.,,\n" + "S..#..G.,Soo#..G.,2,4\n" + "S...,,2,2\nS..G,So.G,,\n" + "S..G,So.G,2,x\n"
	r, err := NewReader(strings.NewReader(csv), maze5)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		got = append(got, fmt.Sprintf("%dx%d %v", p.Rows, p.Cols, err))
	}
	want := []string{
		"0x0 line 2, column 1: question: 8 cells, want 25",
		"2x4 <nil>",
		"0x0 line 4, column 1: question: a maze without 'G', want one",
		"2x2 <nil>",
		`0x0 line 6, column 13: cols: "x", want a number from 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// The suite of shapes that models are tried with: 40 mazes, each with a way.
func TestMazeShapesFile(t *testing.T) {
	r, err := Open("testdata/mazes/shapes.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for ; ; n++ {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, steps, err := p.Of(maze5).(Maze).Solve(p.Question); err != nil || steps > 200 {
			t.Errorf("%s: %d steps, %v", p.Where, steps, err)
		}
	}
	if n != 40 {
		t.Errorf("%d mazes, want 40", n)
	}
}
