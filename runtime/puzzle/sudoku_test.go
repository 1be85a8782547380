package puzzle

import (
	"errors"
	"strings"
	"testing"
)

// easy was made for this test by shifting rows of one band pattern.
const (
	easyQ = "1.345.78945.789.237.912.4562.4567.915.789.234.9123456.34.678.126.89123.5.123.5678"
	easyA = "123456789456789123789123456234567891567891234891234567345678912678912345912345678"
)

func mustEncode(t testing.TB, task Task, s string) []int32 {
	t.Helper()
	tokens, err := task.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestSudokuCodec(t *testing.T) {
	q := mustEncode(t, Sudoku{}, strings.ReplaceAll(easyQ, ".", "0"))
	if got := (Sudoku{}).Decode(q); got != easyQ {
		t.Errorf("got %s, want %s", got, easyQ)
	}
	if q[0] != 2 || q[1] != 1 || q[8] != 10 {
		t.Errorf("tokens %v", q[:9])
	}
}

func TestSudokuCheck(t *testing.T) {
	set := func(s string, i int, c byte) string { return s[:i] + string(c) + s[i+1:] }
	cases := []struct{ name, q, a, want string }{
		{"solved", easyQ, easyA, ""},
		{"blank", easyQ, set(easyA, 1, '.'), "row 1, column 2 is not filled"},
		{"given changed", easyQ, set(easyA, 0, '2'), "row 1, column 1 was given as 1 and is 2"},
		{"row", strings.Repeat(".", 81), set(easyA, 80, '1'), "row 9 holds 1 twice"},
		{"column", strings.Repeat(".", 81), swap(easyA, 72, 73), "column 1 holds 1 twice"},
		{"box", strings.Repeat(".", 81), boxOnly(), "box 1 holds"},
		{"short", easyQ, easyA[:80], "81 and 80 tokens"},
	}
	for _, c := range cases {
		q := mustEncode(t, Sudoku{}, c.q)
		var a []int32
		for _, r := range c.a {
			v, _ := sudokuToken(r)
			a = append(a, v)
		}
		err := (Sudoku{}).Check(q, a)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func swap(s string, i, j int) string {
	b := []byte(s)
	b[i], b[j] = b[j], b[i]
	return string(b)
}

// boxOnly is a Latin square whose boxes are wrong.
func boxOnly() string {
	var b []byte
	for r := range 9 {
		for c := range 9 {
			b = append(b, byte('1'+(r+c)%9))
		}
	}
	return string(b)
}

func TestSudokuRender(t *testing.T) {
	q := mustEncode(t, Sudoku{}, easyQ)
	got := Sudoku{}.Render(q, nil)
	if !strings.HasPrefix(got, "+-------+-------+-------+\n| 1 . 3 | 4 5 . | 7 8 9 |\n") || strings.Count(got, "\n") != 13 {
		t.Errorf("got\n%s", got)
	}
	full := Sudoku{}.Render(q, mustEncode(t, Sudoku{}, easyA))
	r, err := NewReader(strings.NewReader(full), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Next()
	if err != nil || (Sudoku{}).Decode(p.Question) != easyA {
		t.Errorf("reading back: %v", err)
	}
}
