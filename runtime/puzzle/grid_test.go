package puzzle

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func newGrid(t testing.TB, spec map[string]any) Grid {
	t.Helper()
	g, err := New("grid", spec)
	if err != nil {
		t.Fatal(err)
	}
	return g.(Grid)
}

var sudoku4 = map[string]any{"rows": int64(4), "cols": int64(4), "alphabet": ".1234", "blank": ".", "rules": "sudoku"}

// A description makes a task, comes back from it, and is refused where it is wrong.
func TestGridSpec(t *testing.T) {
	g := newGrid(t, sudoku4)
	if g.Vocab() != 6 || g.SeqLen() != 16 || !g.Judges() || g.BlankToken() != 1 {
		t.Errorf("%+v", g)
	}
	if rows, cols := g.Boxes(); rows != 2 || cols != 2 {
		t.Errorf("boxes of %d x %d", rows, cols)
	}
	again, err := ForModel("grid", g.Spec(), 16, 4, 6)
	if err != nil || !reflect.DeepEqual(again, g) {
		t.Errorf("%+v, %v", again, err)
	}
	bad := []map[string]any{
		{}, {"alphabet": ""}, {"alphabet": "aa"}, {"alphabet": "ab", "blank": "c"}, {"alphabet": "ab", "blank": "ab"},
		{"alphabet": "ab", "padding": "a"}, {"alphabet": "a\nb"}, {"alphabet": "ab", "rules": "chess"}, {"alphabet": "ab", "rows": 3},
		{"alphabet": "ab", "rows": 3, "cols": 256}, {"alphabet": "ab", "rows": "x", "cols": 3}, {"alphabet": 7}, {"alphabet": "ab", "color": "red"},
		{"alphabet": "ab", "rows": 2, "cols": 3, "rules": "latin"}, {"alphabet": "ab", "rows": 7, "cols": 7, "rules": "sudoku"},
		{"alphabet": string(make([]rune, 300))},
	}
	for _, spec := range bad {
		if spec["alphabet"] == nil {
			if got, err := New("grid", spec); err != nil || got.SeqLen() != 0 {
				t.Errorf("%v: %v, %v", spec, got, err)
			}
			continue
		}
		if _, err := New("grid", spec); !errors.Is(err, ErrSpec) {
			t.Errorf("%v: %v", spec, err)
		}
	}
	if _, err := New("sudoku", sudoku4); !errors.Is(err, ErrSpec) {
		t.Errorf("a sudoku with a description: %v", err)
	}
	if _, err := ForModel("grid", g.Spec(), 16, 4, 9); !errors.Is(err, ErrSpec) {
		t.Errorf("another vocabulary: %v", err)
	}
}

func TestGridCheck(t *testing.T) {
	g := newGrid(t, sudoku4)
	q := mustEncode(t, g, "1....2....3....4")
	for answer, want := range map[string]string{
		"1342421324313124": "",
		"1342421324313.24": "row 4, column 2 is not filled",
		"1342411324313124": "row 2, column 2 was given as '2' and is '1'",
		"1343421324313124": "row 1 holds '3' twice",
	} {
		err := g.Check(q, mustEncode(t, g, answer))
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", answer, err, want)
		}
	}
	free := newGrid(t, map[string]any{"rows": 1, "cols": 3, "alphabet": "abc", "padding": "_"})
	if err := free.Check(mustEncode(t, free, "abc"), mustEncode(t, free, "ca_")); err != nil || free.Judges() {
		t.Error(err)
	}
}

func TestGridReader(t *testing.T) {
	g := newGrid(t, sudoku4)
	in := "question,answer\n1....2....3....4,1342421324313124\n11..............,\n1....2....3...x4,\n1....2....3....4,1342421324313121\n"
	r, err := NewReader(strings.NewReader(in), g)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"", "row 1 holds '1' twice", `found 'x', want one of ".1234"`, "answer does not solve its question"}
	for _, w := range want {
		if _, err := r.Next(); w == "" && err != nil || w != "" && (err == nil || !strings.Contains(err.Error(), w)) {
			t.Errorf("got %v, want %q", err, w)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Error(err)
	}
	for _, text := range []string{"1...\n.2..\n..3.\n...4\n", "1....2....3....4"} {
		if p, err := Parse(g, text); err != nil || g.Decode(p.Question) != "1....2....3....4" {
			t.Errorf("%q: %v", text, err)
		}
	}
	two := newGrid(t, map[string]any{"rows": 2, "cols": 3, "alphabet": "ab "})
	if p, err := Parse(two, "a ba b"); err != nil || two.Decode(p.Question) != "a ba b" {
		t.Errorf("two rows in a line: %v", err)
	}
}

// A text holds sudokus of all sizes for which the alphabet has digits, a line or as many
// rows each.
func TestGridsOfSeveralSizes(t *testing.T) {
	g := newGrid(t, map[string]any{"rows": 9, "cols": 9, "alphabet": ".123456789ABCDEFG", "blank": ".", "rules": "sudoku"})
	four, six := "1.....3....2.4..", ".2.4.6"+strings.Repeat("......", 5)
	nine := "53..7...." + strings.Repeat(".", 72)
	sixteen := "1..4..7..A..D..G" + strings.Repeat("................", 15)
	inRows := func(text string, side int) (rows string) {
		for ; text != ""; text = text[side:] {
			rows += text[:side] + "\n"
		}
		return rows
	}
	text := four + "\n" + inRows(six, 6) + nine + "\n" + inRows(sixteen, 16) + inRows(four, 4) + inRows(nine, 9) + six + "\n" + sixteen + "\n"
	r, err := NewReader(strings.NewReader(text), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		side int
		text string
	}{{4, four}, {6, six}, {9, nine}, {16, sixteen}, {4, four}, {9, nine}, {6, six}, {16, sixteen}} {
		p, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Decode(p.Question); got != want.text || p.Rows != want.side || p.Cols != want.side {
			t.Errorf("%s of %d x %d, want %s of %d", got, p.Rows, p.Cols, want.text, want.side)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
	for text, want := range map[string]string{
		strings.Repeat(".", 25):  "25 cells, want 81", // no boxes
		"12.4":                   "a grid of 1 rows, want 4",
		"1234\n1234\n1234\n12x4": "found 'x'",
		"1.1.............":       "row 1 holds '1' twice",
	} {
		if _, err := Parse(g, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
