package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// picture is what one segment of thinking looks like.
type picture struct {
	tokens []int32   // [S] the answer so far
	given  []int32   // [S] the puzzle
	sure   []float32 // [S] probability of each token; nil: all sure
	final  bool      // draw unsure cells too
}

// unsure is the probability below which a cell is still drawn as open.
const unsure = 0.5

// open reports whether cell i is still to be filled.
func (p picture) open(i int) bool { return p.at(i) < unsure && !p.final }

// sureness returns the softmax probability of each token.
//
//	sure[s] = exp(logits[s, tokens[s]]) / sum_v exp(logits[s, v])
func sureness(tokens []int32, logits []float32) []float32 {
	vocab := len(logits) / len(tokens)
	sure := make([]float32, len(tokens))
	for s, t := range tokens {
		row := logits[s*vocab : (s+1)*vocab]
		var sum float64
		for _, x := range row {
			sum += math.Exp(float64(x - row[t]))
		}
		sure[s] = float32(1 / sum)
	}
	return sure
}

// at returns how sure the model is of cell i.
func (p picture) at(i int) float32 {
	if p.sure == nil {
		return 1
	}
	return p.sure[i]
}

// mean returns the mean sureness of all cells.
func (p picture) mean() float32 {
	var sum float32
	for i := range p.tokens {
		sum += p.at(i)
	}
	return sum / float32(len(p.tokens))
}

// draw returns the lines of a picture for a task, two columns of the terminal a
// cell. Rows that are all empty are left out.
func draw(task puzzle.Task, p picture, color bool) []string {
	painter, ok := task.(puzzle.Painter)
	if !ok {
		return []string{task.Decode(p.tokens)}
	}
	boxRows, boxCols := 0, 0
	if b, ok := task.(puzzle.Boxes); ok {
		boxRows, boxCols = b.Boxes()
	}
	cells := painter.Paint(p.given, p.tokens)
	_, cols := task.Size()
	var lines []string
	rule := func(left, cross, right string) {
		box := strings.Repeat("─", 2*boxCols+1)
		lines = append(lines, left+strings.Repeat(box+cross, cols/boxCols-1)+box+right)
	}
	for i := 0; i < len(cells); i += cols {
		if row := i / cols; boxRows > 0 && row == 0 {
			rule("┌", "┬", "┐")
		} else if boxRows > 0 && row%boxRows == 0 {
			rule("├", "┼", "┤")
		}
		if line := p.row(cells, i, cols, boxCols, color); line != "" {
			lines = append(lines, line)
		}
	}
	if boxRows > 0 {
		rule("└", "┴", "┘")
	}
	return lines
}

// row draws the cells from i, with a bar around each box where there are boxes.
func (p picture) row(cells []puzzle.Cell, i, cols, boxCols int, color bool) string {
	var b strings.Builder
	for c := range cols {
		if boxCols > 0 && c%boxCols == 0 {
			b.WriteString("│ ")
		}
		b.WriteString(p.cell(cells[i+c], i+c, color))
	}
	if boxCols > 0 {
		return b.String() + "│"
	}
	return strings.TrimRight(b.String(), " ")
}

// arcColors are the public viewer's ten colours in the 256-colour palette.
var arcColors = [10]int{16, 33, 196, 40, 220, 248, 201, 208, 117, 88}

// cell draws one cell; what the answer fills, once the model is sure.
func (p picture) cell(c puzzle.Cell, i int, color bool) string {
	wide := func(text string) string { return fmt.Sprintf("%-2s", text) }
	unsure := (c.Kind == puzzle.CellAnswer || c.Kind == puzzle.CellColor) && p.open(i)
	switch {
	case c.Kind == puzzle.CellBlank || unsure:
		return paint(color, "2", "·") + " "
	case c.Kind == puzzle.CellGiven:
		return paint(color, "1", c.Text) + wide(c.Text)[len(c.Text):]
	case c.Kind == puzzle.CellWall:
		return paint(color, "38;5;240", "██")
	case c.Kind == puzzle.CellAnswer:
		return paint(color, sureStyle(p.at(i)), wide(c.Text))
	case c.Kind == puzzle.CellHint:
		return paint(color, "2", wide(c.Text))
	case c.Kind == puzzle.CellColor && color:
		return paint(true, fmt.Sprintf("48;5;%d", arcColors[c.Color]), "  ")
	}
	return wide(c.Text)
}

// paint wraps text in an ANSI style, when there is colour.
func paint(color bool, style, text string) string {
	if !color || style == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// sureStyle goes from red over yellow to green.
func sureStyle(sure float32) string {
	switch {
	case sure >= 0.99:
		return "38;5;77"
	case sure >= 0.9:
		return "38;5;149"
	case sure >= 0.7:
		return "38;5;220"
	}
	return "38;5;209"
}
