package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

func cells(rows, cols int, c ...uint8) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: rows, Cols: cols, Cells: c}
}

// swapped is a task with two tests: one that is solved, and one with an unknown answer.
func swapped() (*puzzle.ARCTask, []arc.Result) {
	t := &puzzle.ARCTask{
		ID:    `a<b`,
		Train: []puzzle.ARCPair{{Input: cells(2, 2, 1, 2, 3, 4), Output: cells(1, 2, 2, 1)}},
		Test:  []puzzle.ARCPair{{Input: cells(1, 2, 5, 6), Output: cells(1, 2, 6, 5)}, {Input: cells(2, 1, 7, 8)}},
	}
	return t, []arc.Result{
		{Task: t, Test: 0, Forms: 9, Attempts: []puzzle.Candidate{{Grid: cells(1, 1, 9), Votes: 5}, {Grid: cells(1, 2, 6, 5), Votes: 4}}},
		{Task: t, Test: 1, Forms: 9, Attempts: []puzzle.Candidate{{Grid: cells(2, 1, 8, 7), Votes: 9}}},
	}
}

func TestText(t *testing.T) {
	task, results := swapped()
	var plain, colored bytes.Buffer
	if err := errors.Join(Text(&plain, task, results, false), Text(&colored, task, results[:1], true)); err != nil {
		t.Fatal(err)
	}
	want := `test 1
input    attempt 1, 5 of 9 votes: wrong    attempt 2, 4 of 9 votes: right
5 6   →  9                                 6 5

test 2
input    attempt 1, 9 of 9 votes
7        8
8     →  7

`
	if plain.String() != want {
		t.Errorf("got\n%swant\n%s", plain.String(), want)
	}
	if text := colored.String(); strings.Contains(text, "test 2") || !strings.Contains(text, "\x1b[48;5;248m  \x1b[0m\x1b[48;5;199m  \x1b[0m") {
		t.Errorf("in colours\n%s", text)
	}
}

func TestSVG(t *testing.T) {
	task, results := swapped()
	var b bytes.Buffer
	if err := SVG(&b, task, results); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a&lt;b", "demonstration 1", "test 2", "attempt 2, 4 of 9 votes: right", "#870c25", "#1a8f2e", "#c62828"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture has no %s", want)
		}
	}
}

// Every grid's cells are where its place says, and places do not overlap.
func TestPNG(t *testing.T) {
	task, results := swapped()
	var b bytes.Buffer
	if err := PNG(&b, task, results); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	l := place(task, results)
	if len(l.grids) != 7 || len(l.arrows) != 3 {
		t.Fatalf("%d grids, %d arrows", len(l.grids), len(l.arrows))
	}
	for i, g := range l.grids {
		for k, c := range g.Cells {
			x, y := g.x+k%g.Cols*g.cell+g.cell/2, g.y+k/g.Cols*g.cell+g.cell/2
			r, gr, bl, _ := picture.At(x, y).RGBA()
			if got := [3]uint8{uint8(r >> 8), uint8(gr >> 8), uint8(bl >> 8)}; got != Colors[c] {
				t.Errorf("grid %d, cell %d is %v, want %v", i, k, got, Colors[c])
			}
		}
		if g.x+g.w > l.w || g.y+g.h > l.h {
			t.Errorf("grid %d ends at %d, %d, beyond %d x %d", i, g.x+g.w, g.y+g.h, l.w, l.h)
		}
		for j, o := range l.grids[:i] {
			if g.x < o.x+o.w && o.x < g.x+g.w && g.y < o.y+o.h && o.y < g.y+g.h {
				t.Errorf("grids %d and %d overlap", i, j)
			}
		}
	}
}
