package puzzle

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// readAll returns one line per puzzle: its question, or "error: ...".
func readAll(t testing.TB, in string, task Task) []string {
	t.Helper()
	r, err := NewReader(strings.NewReader(in), task)
	if err != nil {
		return []string{"open: " + err.Error()}
	}
	var out []string
	for {
		p, err := r.Next()
		var bad *Error
		switch {
		case err == io.EOF:
			return out
		case errors.As(err, &bad):
			out = append(out, "error: "+err.Error())
		case err != nil:
			return append(out, "final: "+err.Error())
		default:
			out = append(out, p.Where+": "+r.Task().Decode(p.Question))
		}
	}
}

func nineLines(s string) string {
	var b strings.Builder
	for i := 0; i < 81; i += 9 {
		b.WriteString(s[i:i+9] + "\n")
	}
	return b.String()
}

func boxed(s string) string {
	q, _ := Sudoku{}.Encode(s)
	return Sudoku{}.Render(q, nil)
}

func threeChunks(s string) string {
	n := nineLines(s)
	return n[:30] + "\n" + n[30:60] + "\n" + n[60:]
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func TestSudokuReader(t *testing.T) {
	zeros := strings.ReplaceAll(easyQ, ".", "0")
	at := func(where string) string { return where + ": " + easyQ }
	cases := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"blank lines", "\n\n", nil},
		{"line", easyQ, []string{at("line 1")}},
		{"zeros and CRLF", zeros + "\r\n" + easyQ + "\r\n", []string{at("line 1"), at("line 2")}},
		{"nine lines", nineLines(easyQ), []string{at("line 1")}},
		{"two of nine lines", nineLines(easyQ) + nineLines(easyQ), []string{at("line 1"), at("line 10")}},
		{"empty line between", nineLines(easyQ) + "\n" + nineLines(easyQ), []string{at("line 1"), at("line 11")}},
		{"chunks", threeChunks(easyQ) + "\n" + easyQ, []string{at("line 1"), at("line 13")}},
		{"boxed", boxed(easyQ) + boxed(easyQ), []string{at("line 2"), at("line 15")}},
		{"comment", "# mine\n" + easyQ, []string{at("line 2")}},
		{"gzip", gz(easyQ), []string{at("line 1")}},
		{"byte order mark", "\xef\xbb\xbf" + easyQ, []string{at("line 1")}},
		{"bad cell", easyQ + "\n" + easyQ[:3] + "x" + easyQ[4:] + "\n" + easyQ,
			[]string{at("line 1"), "error: line 2, column 4: found 'x', want 1 to 9, or '.' or '0' for a blank cell", at("line 3")}},
		{"short line", easyQ[:80] + "\n" + easyQ, []string{"error: line 1: 80 cells, want 81", at("line 2")}},
		{"long line", easyQ + "1\n" + easyQ, []string{"error: line 1: 82 cells, want 81", at("line 2")}},
		{"short row", "12345678\n" + nineLines(easyQ)[10:] + easyQ,
			[]string{"error: line 1: 8 cells, want 9 (a row) or 81 (a whole grid)", at("line 10")}},
		{"missing rows", nineLines(easyQ)[10:] + "\n" + easyQ,
			[]string{"error: line 1: a grid of 8 rows, want 9", at("line 10")}},
		{"three rows", nineLines(easyQ)[:30] + "\n" + nineLines(easyQ),
			[]string{"error: line 1: a grid of 3 rows, want 9", at("line 5")}},
		{"contradiction", easyQ[:1] + "1" + easyQ[2:] + "\n" + easyQ,
			[]string{"error: line 1, column 2: row 1 holds 1 twice: no digit may stand twice in a row, column or box", at("line 2")}},
		{"contradiction in a box layout", strings.Replace(boxed(easyQ), "| 1 . 3", "| 1 3 3", 1),
			[]string{"error: line 2, column 7: row 1 holds 3 twice: no digit may stand twice in a row, column or box"}},
		{"very long line", strings.Repeat("1", 1<<17) + "\n" + easyQ,
			[]string{"error: line 1: line is longer than 65536 bytes", at("line 2")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var task Task
			if c.name == "very long line" || strings.HasPrefix(c.name, "blank") {
				task = Sudoku{}
			}
			compare(t, readAll(t, c.in, task), c.want)
		})
	}
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("puzzle %d:\ngot  %s\nwant %s", i, g, w)
		}
	}
}

func TestCSV(t *testing.T) {
	head := "source,question,answer,rating\n"
	ok := "line 2: " + easyQ
	cases := []struct {
		name, in string
		want     []string
	}{
		{"full", head + "mine," + easyQ + "," + easyA + ",12\n", []string{ok}},
		{"other order", "rating,answer,question\n7," + easyA + "," + easyQ + "\n", []string{ok}},
		{"question alone", "question\n" + easyQ, []string{ok}},
		{"quoted", head + `"a, ""b""",` + easyQ + "," + easyA + ",12\n", []string{ok}},
		{"no answer", head + "mine," + easyQ + ",,\n", []string{ok}},
		{"gzip", gz(head + "mine," + easyQ + "," + easyA + ",12\n"), []string{ok}},
		{"fields", head + "a,b\n" + "mine," + easyQ + ",,\n",
			[]string{"error: line 2: 2 fields, want 4 as in the header", "line 3: " + easyQ}},
		{"cell", head + "mine,x" + easyQ[1:] + ",,\n",
			[]string{"error: line 2, column 6: question: found 'x', want 1 to 9, or '.' or '0' for a blank cell"}},
		{"size", head + "mine," + easyQ[1:] + ",,\n", []string{"error: line 2, column 6: question: 80 cells, want 81"}},
		{"answer", head + "mine," + easyQ + "," + swap(easyA, 1, 5) + ",\n",
			[]string{"error: line 2, column 88: answer: answer does not solve its question: wrong answer: box 1 holds 6 twice"}},
		{"rating", head + "mine," + easyQ + "," + easyA + ",hard\n",
			[]string{`error: line 2, column 170: rating: rating "hard", want a number from 0`}},
		{"quote", head + `"mine,` + easyQ + ",,\n", []string{`error: line 2: extraneous or missing " in quoted-field`}},
		{"header", "a,b\n", []string{"error: line 1, column 1: found 'a', want 1 to 9, or '.' or '0' for a blank cell; a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { compare(t, readAll(t, c.in, Sudoku{}), c.want) })
	}
}

func TestCSVFields(t *testing.T) {
	in := "source,question,answer,rating\n\"a, b\"," + easyQ + "," + easyA + ",12\n"
	r, err := NewReader(strings.NewReader(in), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if p.Source != "a, b" || p.Rating != 12 || (Sudoku{}).Decode(p.Answer) != easyA {
		t.Errorf("got %+v", p)
	}
}

func TestDamagedGzip(t *testing.T) {
	whole := gz(strings.Repeat(easyQ+"\n", 100))
	got := readAll(t, whole[:len(whole)/2], Sudoku{})
	if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "final: ") {
		t.Errorf("a cut gzip file ends with %v", got)
	}
	if got := readAll(t, whole[:5], nil); len(got) != 1 || !strings.HasPrefix(got[0], "open: gzip") {
		t.Errorf("a cut gzip header gives %v", got)
	}
}

func TestUnknownKind(t *testing.T) {
	if _, err := NewReader(strings.NewReader("hello\n"), nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if _, err := ByName("chess"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

// A file that decompresses to far more than its size is refused before all of
// it is unpacked, unless an option allows it, and then read in bounded memory.
func TestBombs(t *testing.T) {
	text := strings.Repeat("1", 1<<25) + "\n" + easyQ
	for name, bomb := range map[string]string{"gzip": gz(text), "gzip twice": gz(gz(text)), "zip": zipped("a.txt", text), "gzip in zip": zipped("a.txt.gz", gz(text))} {
		before := allocated()
		err := readToEnd(NewReader(strings.NewReader(bomb), Sudoku{}))
		if !errors.Is(err, ErrBomb) || !strings.Contains(err.Error(), "over 1") {
			t.Errorf("%s: %v", name, err)
		}
		var got []Puzzle
		r, err := Options{MaxUnpacked: 1 << 26}.NewReader(strings.NewReader(bomb), Sudoku{})
		for err == nil || errors.Is(err, ErrFormat) {
			var p Puzzle
			if p, err = r.Next(); err == nil {
				got = append(got, p)
			}
		}
		if len(got) != 1 || err != io.EOF {
			t.Errorf("%s: %d puzzles with a higher bound: %v", name, len(got), err)
		}
		if used := allocated() - before; used > 2<<20 {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, used, len(bomb))
		}
	}
	arc := `{"train": [], "test": [` + strings.Repeat(" ", 1<<25) + `{"input": [[1]]}]}`
	if err := readToEnd(NewReader(strings.NewReader(gz(arc)), ARC{})); !errors.Is(err, ErrBomb) {
		t.Errorf("tasks: %v", err)
	}
	if _, err := ReadIdentifiers(strings.NewReader(gz(`["",` + strings.Repeat(" ", 1<<25) + `""]`))); !errors.Is(err, ErrBomb) {
		t.Errorf("identifiers: %v", err)
	}
}

// readToEnd returns the last error, nil at the end.
func readToEnd(r *Reader, err error) error {
	var bad *Error
	for err == nil || errors.As(err, &bad) && !errors.Is(err, ErrBomb) {
		_, err = r.Next()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func TestParse(t *testing.T) {
	const line = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	want, err := Sudoku{}.Encode(line)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i := 0; i < 81; i += 9 {
		rows = append(rows, line[i:i+9])
	}
	for _, text := range []string{line, line + "\n", strings.Join(rows, "\n"), "\n" + strings.Join(rows, "\r\n") + "\r\n\r\n"} {
		if got, err := Parse(Sudoku{}, text); err != nil || !slices.Equal(got.Question, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, message := range map[string]string{
		"":                    "empty",
		line + "\n" + line:    "goes on",
		line[:80]:             "80 cells",
		"x" + line[1:]:        "column 1: found 'x'",
		"55" + line[2:]:       "twice",
		line + "\n" + "12345": "goes on",
	} {
		if _, err := Parse(Sudoku{}, text); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, want %q", text, err, message)
		}
	}
	grid := strings.Repeat("0", 900)
	tokens, err := ARC{}.Encode(grid)
	if got, e := Parse(ARC{}, grid); !slices.Equal(got.Question, tokens) || (e == nil) != (err == nil) {
		t.Errorf("arc: %v, want %v", e, err)
	}
}

// A reader of a pipe gives a puzzle as soon as its line is there.
func TestReaderDoesNotWaitForMore(t *testing.T) {
	for _, task := range []Task{nil, Sudoku{}} {
		r, w := io.Pipe()
		go func() {
			for _, part := range []string{"\n", easyQ[:30], easyQ[30:], "\n", easyQ + "\n"} {
				_, _ = io.WriteString(w, part)
			}
			// and stays open
		}()
		pr, err := NewReader(r, task)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pr.Next()
		if err != nil || (Sudoku{}).Decode(p.Question) != easyQ {
			t.Errorf("task %v: got %v, %v", task, p, err)
		}
		_ = w.Close()
	}
}
