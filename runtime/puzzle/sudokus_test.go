package puzzle

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// anySudoku is the task of a model that has learned from 9 x 9.
var anySudoku = Sudokus{Side: 9}

// made returns a sudoku of a side with one solution, or so many blanks, and its solution.
func made(side, blanks int) (q, a []int32) {
	rng := rand.New(rand.NewPCG(uint64(side), 1))
	full := sudoku.RandomBoard(side, rng)
	b := full.Clone()
	for _, i := range rng.Perm(side * side)[:blanks] {
		b.Cells[i] = 0
	}
	return b.Tokens(), full.Tokens()
}

// written returns tokens as people write them.
func written(side int, d Digits, tokens []int32, blank, between, lineEnd string, frame bool) string {
	h, w, _ := sudoku.Boxes(side)
	var b strings.Builder
	for i, t := range tokens {
		row, col := i/side, i%side
		if frame && col == 0 && row%h == 0 {
			b.WriteString("+" + strings.Repeat("---+", side) + lineEnd)
		}
		if frame && col%w == 0 {
			b.WriteString("| ")
		}
		text := d.text(t)
		if t == SudokuBlank {
			text = blank
		}
		b.WriteString(text)
		switch {
		case col < side-1:
			b.WriteString(between)
		case frame:
			b.WriteString(" |" + lineEnd)
		default:
			b.WriteString(lineEnd)
		}
	}
	return b.String()
}

// Every way of writing digits comes in, in rows and in one line, with and without lines
// and gaps, and goes out as it came.
func TestSudokuForms(t *testing.T) {
	for _, side := range []int{4, 6, 8, 9, 10, 12, 15, 16, 25} {
		q, _ := made(side, side*side/3)
		for _, d := range []Digits{DigitsFrom1, DigitLetters, DigitsFrom0, NumbersFrom1, NumbersFrom0, DigitLetters | SmallLetters} {
			if (side < 10 && d.numbers()) || side == 9 && d.kind() == DigitsFrom0 || d == NumbersFrom0 && side == 10 {
				continue // the numbers are digits; 0 is a blank
			}
			between := ""
			if d.numbers() {
				between = " "
			}
			forms := map[string]string{
				"rows":   written(side, d, q, ".", between, "\n", false),
				"spaced": written(side, d, q, ".", " ", "\n", false),
				"frame":  written(side, d, q, ".", " ", "\n", true),
			}
			if side < 25 || !d.numbers() {
				forms["line"] = written(side, d, q, ".", between, between, false)
			}
			if d.kind() != DigitsFrom0 && d != NumbersFrom0 {
				forms["zeros"] = written(side, d, q, "0", between, "\n", false)
				forms["commas"] = written(side, d, q, "", ",", "\n", false)
			}
			if side != 9 {
				forms["dashes"] = written(side, d, q, "-", between, "\n", false)
				forms["tabs"] = written(side, d, q, "", "\t", "\n", false)
			}
			for name, text := range forms {
				p, err := Parse(anySudoku, text)
				if err != nil {
					t.Errorf("%d x %d, digits %d, %s: %v\n%s", side, side, d, name, err, text)
					continue
				}
				if !slices.Equal(p.Question, q) || p.Rows != side || p.Cols != side {
					t.Errorf("%d x %d, digits %d, %s: %d x %d\n%s%v", side, side, d, name, p.Rows, p.Cols, text, p.Question)
				}
				if back := p.Of(anySudoku).Decode(p.Question); back != strings.TrimSpace(written(side, d, q, ".", between, between, false)) {
					t.Errorf("%d x %d, digits %d, %s: went out as\n%s", side, side, d, name, back)
				}
			}
		}
	}
}

// What could be read in two ways is read by a rule, or refused with the choices.
func TestSudokuFormsInDoubt(t *testing.T) {
	sixteen := func(first string) string { return first + "\n" + strings.Repeat("................\n", 15) }
	for _, c := range []struct {
		name, text string
		want       Digits
		digit      int32 // in the first cell
		err        string
	}{
		{"0 alone is a blank", "1000\n0020\n0300\n0004\n", DigitsFrom1, 1, ""},
		{"0 beside . is a digit", "1...\n..2.\n.3..\n...0\n", DigitsFrom0, 2, ""},
		{"0 beside . and 4", "1...\n..2.\n.3..\n0..4\n", 0, 0, "nobody can tell which; want 1 to 4"},
		{"letters beside no digit", sixteen("AB............PO"), DigitLetters, 1, ""},
		{"A beside a digit is 10", sixteen("A1............FG"), DigitsFrom1, 10, ""},
		{"A beside a digit and 0", sixteen("A1............F0"), DigitsFrom0, 11, ""},
		{"16 from 0", sixteen("A1............G0"), 0, 0, "0 is a digit or a blank"},
		{"P beside a digit", sixteen("A1............P."), 0, 0, "letters alone: A to P"},
		{"numbers and letters", sixteen("A 1 . . . . . . . . . . . . . 16"), 0, 0, "found"},
		{"17", sixteen("17 1 . . . . . . . . . . . . . 16"), 0, 0, "17"},
		{"a strange sign", "1...\n..2.\n.%..\n...4\n", 0, 0, `found "%" in a sudoku of 4 x 4, want 1 to 4, or . or 0`},
		{"5 in 4 x 4", "1...\n..5.\n.3..\n...4\n", 0, 0, `found "5"`},
		{"twice", "1..1\n..2.\n.3..\n...4\n", 0, 0, "row 1 holds 1 twice"},
		{"no boxes", "12345\n", 0, 0, "5 cells"},
		{"too few rows", "1...\n..2.\n.3..\n", 0, 0, "a grid of 3 rows of 4 cells, want 4 rows"},
		{"one row", "12.4\n", 0, 0, "a grid of 1 rows of 4 cells, want 4 rows"},
		{"nothing", "hello\n", 0, 0, "with a side of 4, 6, 8"},
		{"small letters", "a...\n..b.\n.c..\n...d\n", DigitLetters | SmallLetters, 1, ""},
		{"9 x 9 in letters", "A........\n" + strings.Repeat(".........\n", 7) + "........I\n", DigitLetters, 1, ""},
		{"9 x 9 in letters, first row blank", ".........\nA........\n" + strings.Repeat(".........\n", 6) + "........I\n", DigitLetters, 0, ""},
		{"x for blanks", "1xxx\nxx2x\nx3xx\nxxx4\n", DigitsFrom1, 1, ""},
		{"a rule of dashes", "1-\n", 0, 0, "with a side of 4, 6, 8"},
		{"bands", "12..\n2...\n\n.3..\n...4\n", 0, 0, "box 1 holds 2 twice"},
		{"rule of dashes between bands", "1...\n..2.\n----\n.3..\n...4\n", DigitsFrom1, 1, ""},
	} {
		p, err := Parse(anySudoku, c.text)
		switch {
		case c.err != "":
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.err)
			}
		case err != nil || p.Digits != c.want || p.Question[0] != c.digit+1:
			t.Errorf("%s: digits %d, first token %v, %v", c.name, p.Digits, p.Question, err)
		}
	}
}

// A file holds sudokus of all sizes and between them text, a line or as many rows each;
// those of 9 x 9 in all forms that Sudoku reads.
func TestSudokusInAFile(t *testing.T) {
	type one struct {
		side  int
		lines bool
	}
	var text strings.Builder
	var want [][]int32
	for _, c := range []one{{4, false}, {9, true}, {16, true}, {4, true}, {9, false}, {16, false}, {6, true}, {16, true}, {6, false}, {4, false}} {
		q, _ := made(c.side, c.side*c.side/4)
		if c.side == 9 && c.lines {
			text.WriteString(Sudoku{}.Render(q, nil) + "\n")
		} else if c.lines {
			text.WriteString("Puzzle 17, easy\n" + written(c.side, DigitsFrom1, q, ".", "", "\n", false))
		} else {
			text.WriteString(written(c.side, DigitsFrom1, q, ".", "", "", false) + "\n")
		}
		want = append(want, q)
	}
	r, err := NewReader(strings.NewReader(text.String()), anySudoku)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range want {
		p, err := r.Next()
		if err != nil || !slices.Equal(p.Question, q) || p.Rows*p.Cols != len(q) {
			t.Fatalf("puzzle %d: %d x %d, %v\n%s", i, p.Rows, p.Cols, err, text.String())
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
}

// A model of 16 x 16 reads 4 x 4 as one of 9 x 9 does.
func TestSudokusOfAModelOf16(t *testing.T) {
	for _, text := range []string{"1.....3....2.4..", "1...............", "1...\n..2.\n.3..\n...4\n"} {
		if p, err := Parse(Sudokus{Side: 16}, text); err != nil || p.Rows != 4 {
			t.Errorf("%q: %d x %d, %v", text, p.Rows, p.Cols, err)
		}
	}
}

// All that the tests of Sudoku read is read as well.
func TestSudokusReadsNine(t *testing.T) {
	for _, text := range []string{easyQ, "id 7\t" + easyQ + "\t" + easyA + "\thard", (Sudoku{}).Render(mustEncode(t, Sudoku{}, easyQ), nil)} {
		want, err := Parse(Sudoku{}, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(anySudoku, text)
		if err != nil || !slices.Equal(got.Question, want.Question) || !slices.Equal(got.Answer, want.Answer) || got.Rows != 9 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestSudokusInTables(t *testing.T) {
	var text strings.Builder
	text.WriteString("source,question,answer,rating\n")
	forms := []Digits{DigitsFrom1, DigitLetters, NumbersFrom1, DigitsFrom0}
	for _, side := range []int{4, 6, 9, 16} {
		q, a := made(side, side*side/3)
		for _, d := range forms {
			between := ""
			if d.numbers() {
				between = " "
			}
			if side == 16 || d == DigitsFrom1 {
				fmt.Fprintf(&text, "made,%s,%s,3\n", written(side, d, q, ".", between, between, false), written(side, d, a, ".", between, between, false))
			}
		}
	}
	text.WriteString("made,1...............,4234123412341234,1\nmade,1x2,,1\n")
	r, err := NewReader(strings.NewReader(text.String()), anySudoku)
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []int{4, 6, 9, 16, 16, 16, 16} {
		p, err := r.Next()
		if err != nil || p.Rows != side || p.Rating != 3 {
			t.Fatalf("%d x %d: %v", p.Rows, p.Cols, err)
		}
		if err := p.Of(anySudoku).Check(p.Question, p.Answer); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"line 9, column 23: answer", "line 10"} {
		if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestSudokusCheckAndExamine(t *testing.T) {
	q, a := made(6, 8)
	task, err := Sized(anySudoku, 6, 6)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Check(q, a); err != nil {
		t.Error(err)
	}
	wrongA := slices.Clone(a)
	for i := range wrongA {
		if q[i] != SudokuBlank {
			wrongA[i] = 2 + (wrongA[i]-1)%6
			break
		}
	}
	if err := task.Check(q, wrongA); !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), "was given as") {
		t.Errorf("a changed given: %v", err)
	}
	if err := task.Check(q, q); !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), "is not filled") {
		t.Errorf("no answer: %v", err)
	}
	if err := Examine(task, q); err != nil {
		t.Errorf("a sudoku with one solution: %v", err)
	}
	if err := Examine(task, slices.Repeat([]int32{1}, 36)); !errors.Is(err, ErrUnsolvable) || !strings.Contains(err.Error(), "several") {
		t.Errorf("an empty one: %v", err)
	}
	none := slices.Repeat([]int32{1}, 36)
	copy(none, []int32{2, 3, 4, 5, 6})
	none[35], none[11] = 7, 7 // no 6 is left for the end of row 1
	if err := Examine(task, none); !errors.Is(err, ErrUnsolvable) || !strings.Contains(err.Error(), "no solution") {
		t.Errorf("one without a solution: %v", err)
	}
	for _, side := range []int{1, 5, 7, 26, 1 << 20} {
		if _, err := Sized(anySudoku, side, side); !errors.Is(err, ErrFormat) {
			t.Errorf("%d x %d: %v", side, side, err)
		}
	}
}

// Guesses are digits that the rules allow, in cells that were blank.
func TestSudokusRetry(t *testing.T) {
	for _, side := range []int{4, 6, 9, 16} {
		q, a := made(side, side*side/2)
		task := Sudokus{Side: side}
		logits := make([]float32, side*side*(side+5)) // columns for more digits
		for i, token := range a {
			logits[i*(side+5)+int(token)] = 30
		}
		for seed := range uint64(5) {
			form, back := task.Retry(q, logits, seed)
			answer, said := slices.Clone(form), slices.Clone(logits)
			back(answer, said)
			changed := 0
			for i, token := range answer {
				if token != q[i] {
					if changed++; q[i] != SudokuBlank || token != a[i] {
						t.Errorf("%d x %d: cell %d was %d and is %d", side, side, i, q[i], token)
					}
				}
			}
			if changed == 0 {
				t.Errorf("%d x %d: no guess", side, side)
			}
		}
		rng := rand.New(rand.NewPCG(1, 1))
		q2, a2 := slices.Clone(q), slices.Clone(a)
		task.Augment(rng, q2, a2)
		if err := task.Check(q2, a2); err != nil || slices.Equal(a, a2) {
			t.Errorf("%d x %d, augmented: %v", side, side, err)
		}
	}
}

func TestSudokusInJSON(t *testing.T) {
	list := func(side int, d Digits, tokens []int32, flat bool) string {
		var b strings.Builder
		b.WriteString("[")
		for i, token := range tokens {
			switch {
			case i == 0 && !flat:
				b.WriteString("[")
			case i%side == 0 && !flat:
				b.WriteString("],[")
			case i > 0:
				b.WriteString(",")
			}
			if text := d.text(token); token == SudokuBlank {
				b.WriteString("0")
			} else if d.numbers() {
				b.WriteString(text)
			} else {
				b.WriteString(`"` + text + `"`)
			}
		}
		return b.String() + strings.Repeat("]", 1+btoi(!flat))
	}
	q4, a4 := made(4, 6)
	q16, a16 := made(16, 60)
	cells := written(4, DigitsFrom1, q4, ".", "", "", false)
	rows := `["` + strings.Join([]string{cells[:4], cells[4:8], cells[8:12], cells[12:]}, `","`) + `"]`
	for name, c := range map[string]struct {
		text string
		want []int32
	}{
		"string": {`"` + cells + `"`, q4}, "rows": {rows, q4}, "lists": {list(4, NumbersFrom1, q4, false), q4},
		"flat": {list(4, NumbersFrom1, q4, true), q4}, "numbers": {list(16, NumbersFrom1, q16, false), q16},
		"letters": {list(16, DigitsFrom1, q16, false), q16}, "flat numbers": {list(16, NumbersFrom1, q16, true), q16},
	} {
		for _, task := range []Sudokus{anySudoku, {Side: 16}, {Side: 4}} {
			if p, err := ParseJSON(task, []byte(c.text)); err != nil || !slices.Equal(p.Question, c.want) {
				t.Errorf("%s, of a model for %d: %v\n%s", name, task.Side, err, c.text)
			}
		}
	}
	text := fmt.Sprintf(`[{"question": %q, "solution": %q}, {"puzzle": %s, "solution": %s}]`, cells,
		written(4, DigitsFrom1, a4, ".", "", "", false), list(16, NumbersFrom1, q16, false), list(16, NumbersFrom1, a16, false))
	r, err := NewReader(strings.NewReader(text), Sudokus{Side: 16})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]int32{a4, a16} {
		if p, err := r.Next(); err != nil || !slices.Equal(p.Answer, want) {
			t.Errorf("got %v, %v", p.Answer, err)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
