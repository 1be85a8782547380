package puzzle

import (
	"bufio"
	"fmt"
	"strings"
)

// Tokens of ARC: 0 is padding, 1 the end-of-grid marker, colour c is c+2.
const (
	ARCSide  = 30
	ARCCells = ARCSide * ARCSide
	ARCEnd   = 1
	arcColor = 2
)

// ARC is the Abstraction and Reasoning Corpus: grids of up to 30 x 30 cells
// in ten colours. In published models a grid stands on a 30 x 30 canvas with an
// end-of-grid marker in the row below it and in the column to its right, and all text is
// read so. With Rows and Cols, those of the largest question, a model takes grids at
// their true size: see ARCLayout.
type ARC struct {
	Rows, Cols int  // 0, 0: the published canvas
	AllColours bool // at true size: the legend tells of all colours, not of the task's alone
}

// TrueSize reports a model that takes grids at their true size.
func (a ARC) TrueSize() bool { return a.Rows > 0 }

// Name returns "arc".
func (ARC) Name() string { return "arc" }

// Size returns 30, 30: the canvas; at true size that of the largest question.
func (a ARC) Size() (rows, cols int) {
	if a.TrueSize() {
		return a.Rows, a.Cols
	}
	return ARCSide, ARCSide
}

// SeqLen returns rows * cols.
func (a ARC) SeqLen() int {
	rows, cols := a.Size()
	return rows * cols
}

// Vocab returns 12, at true size 29.
func (a ARC) Vocab() int {
	if a.TrueSize() {
		return arcVocab
	}
	return arcTurned
}

// legendAll is the legend of AllColours.
const legendAll = "all colours"

// Describe reads rows and cols, the size of the largest question at true size, and legend.
func (ARC) Describe(of map[string]any) (Task, error) {
	s := spec{of: of}
	a := ARC{s.int("rows", 0, 1, maxARCRows), s.int("cols", 0, 1, ARCSide), false}
	legend := s.string("legend", "")
	a.AllColours = legend == legendAll
	if err := s.end(); err != nil {
		return nil, err
	}
	switch {
	case legend != "" && !a.AllColours:
		return nil, fmt.Errorf("%w: legend is %q, want %q or nothing", ErrSpec, legend, legendAll)
	case a.AllColours && a.Rows == 0:
		return nil, fmt.Errorf("%w: legend is %q, but the published canvas has none: want rows and cols too", ErrSpec, legend)
	case (a.Rows == 0) != (a.Cols == 0):
		return nil, fmt.Errorf("%w: rows %d and cols %d, want both or none", ErrSpec, a.Rows, a.Cols)
	}
	return a, nil
}

// Spec returns what Describe reads.
func (a ARC) Spec() map[string]any {
	if !a.TrueSize() {
		return nil
	}
	of := map[string]any{"rows": a.Rows, "cols": a.Cols}
	if a.AllColours {
		of["legend"] = legendAll
	}
	return of
}

// maxARCRows is how many rows a question has at most: those of a canvas of one column,
// and a legend of ten.
const maxARCRows = ARCSide + 10

// ARCGrid is a grid of colours 0 to 9, row by row.
type ARCGrid struct {
	Rows, Cols int
	Cells      []uint8
}

// Place fills a canvas [900] with the grid at an offset, which must leave room
// for it.
func (g ARCGrid) Place(canvas []int32, row, col int) {
	plain := NoAugmentation
	plain.Place(canvas, g, row, col)
}

// Crop returns the grid that stands on a canvas [900] at an offset: the
// largest rectangle of colours alone that begins there, the first of equals
// by rows. It has no cells when there is no colour at the offset.
func Crop(canvas []int32, row, col int) ARCGrid {
	return crop(canvas[:min(len(canvas), ARCCells)], ARCSide, row, col)
}

// crop is Crop of a canvas with so many columns.
func crop(canvas []int32, side, row, col int) ARCGrid {
	rows, cols, width := 0, 0, side-col
	for n := 1; (row+n)*side <= len(canvas) && width > 0; n++ {
		line := canvas[(row+n-1)*side+col:]
		w := 0
		for w < width && line[w] >= arcColor && line[w] < arcColor+10 {
			w++
		}
		if width = w; n*width > rows*cols {
			rows, cols = n, width
		}
	}
	g := ARCGrid{Rows: rows, Cols: cols, Cells: make([]uint8, 0, rows*cols)}
	for r := range rows {
		for c := range cols {
			g.Cells = append(g.Cells, uint8(canvas[(row+r)*side+col+c]-arcColor))
		}
	}
	return g
}

// Tokens returns the grid on a canvas of its own, in its corner.
func (g ARCGrid) Tokens() []int32 {
	canvas := make([]int32, ARCCells)
	g.Place(canvas, 0, 0)
	return canvas
}

// Equal reports whether two grids have the same size and colours.
func (g ARCGrid) Equal(h ARCGrid) bool {
	return g.Rows == h.Rows && g.Cols == h.Cols && string(g.Cells) == string(h.Cells)
}

// String returns the grid as in the public JSON: [[1,2],[3,4]].
func (g ARCGrid) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, c := range g.Cells {
		switch {
		case i%g.Cols == 0 && i > 0:
			b.WriteString("],[")
		case i%g.Cols == 0:
			b.WriteByte('[')
		default:
			b.WriteByte(',')
		}
		b.WriteByte('0' + c)
	}
	if len(g.Cells) > 0 {
		b.WriteByte(']')
	}
	b.WriteByte(']')
	return b.String()
}

// lines returns the grid's rows as digits.
func (g ARCGrid) lines() (out []string) {
	for r := range g.Rows {
		line := make([]byte, g.Cols)
		for c := range line {
			line[c] = '0' + g.Cells[r*g.Cols+c]
		}
		out = append(out, string(line))
	}
	return out
}

// Encode reads a grid in the public JSON form, [[1,2],[3,4]].
func (ARC) Encode(text string) ([]int32, error) {
	p := arcParser{jsonScanner: newJSONScanner(bufio.NewReaderSize(strings.NewReader(text), 16))}
	g, err := p.grid()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, err
	}
	if p.bad != nil {
		return nil, p.bad
	}
	return g.Tokens(), nil
}

// Decode crops the grid in the canvas's corner and returns it in the public
// JSON form.
func (ARC) Decode(tokens []int32) string { return Crop(tokens, 0, 0).String() }

// source implements sourceTask.
func (ARC) source(in *bufio.Reader) textSource { return &arcPuzzles{tasks: newARCReader(in, "")} }

// Check reports an answer that holds no grid. Whether the grid is right only
// the author of the task knows.
func (ARC) Check(question, answer []int32) error {
	if err := checkLen(ARC{}, question, answer); err != nil {
		return err
	}
	if g := Crop(answer, 0, 0); len(g.Cells) == 0 {
		return wrong("the answer holds no grid")
	}
	return nil
}

// Same implements Comparer: the grids in the corners are equal.
func (ARC) Same(a, b []int32) bool { return Crop(a, 0, 0).Equal(Crop(b, 0, 0)) }

// Render draws the question's grid and the answer's beside it, colours as
// digits.
func (ARC) Render(question, answer []int32) string {
	q := Crop(question, 0, 0)
	left, right := q.lines(), []string(nil)
	if answer != nil {
		right = Crop(answer, 0, 0).lines()
	}
	var b strings.Builder
	for i := range max(len(left), len(right)) {
		l, r, sep := "", "", "    "
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		if i == 0 && answer != nil {
			sep = " -> "
		}
		line := fmt.Sprintf("%-*s%s%s", q.Cols, l, sep, r)
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	return b.String()
}
