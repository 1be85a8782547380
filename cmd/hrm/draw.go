package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// picture is what one segment of thinking looks like.
type picture struct {
	tokens []int32   // [S] the answer so far
	given  []int32   // [S] the puzzle
	sure   []float32 // [S] probability of each token; nil: all sure
	final  bool      // the answer: unsure cells are drawn too, and paths lit
	wrong  bool      // the answer breaks the rules

	before []string // [S] what each cell showed a segment ago; nil: nothing to compare with
	lit    []bool   // [S] cells of the path that are lit so far; nil: all
	clash  []bool   // [S] cells that break the rules with another; nil: none
}

// unsure is the probability below which a cell is still drawn as open.
const unsure = 0.5

// open reports whether cell i is still to be filled.
func (p picture) open(i int) bool { return p.at(i) < unsure && !p.final }

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

// look compares the picture with the rules of its task and with the one before: it
// sets clash, and returns what each cell shows now and how many differ from before.
func (p *picture) look(task puzzle.Task) (shown []string, changed, clashing int) {
	painter, ok := task.(puzzle.Painter)
	if !ok {
		return nil, 0, 0
	}
	shown = make([]string, len(p.tokens))
	visible := slices.Clone(p.tokens)
	for i, c := range painter.Paint(p.given, p.tokens) {
		if shown[i] = cmp.Or(c.Under, c.Text); c.Kind == puzzle.CellAnswer && p.open(i) {
			shown[i], visible[i] = "", 0
		}
		changed += int(truth(p.before != nil && p.before[i] != shown[i]))
	}
	if t, ok := task.(puzzle.Clasher); ok {
		p.clash = t.Clashes(visible)
		for _, c := range p.clash {
			clashing += int(truth(c))
		}
	}
	return shown, changed, clashing
}

// draw returns the lines of a picture for a task, two columns of the terminal a
// cell. Rows that are all empty are left out.
func draw(task puzzle.Task, p picture, color bool) []string {
	painter, ok := task.(puzzle.Painter)
	if !ok {
		return []string{task.Decode(p.tokens)}
	}
	shown, _, _ := p.look(task)
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
		if line := p.row(cells, shown, i, cols, boxCols, color); line != "" {
			lines = append(lines, line)
		}
	}
	if boxRows > 0 {
		rule("└", "┴", "┘")
	}
	return lines
}

// row draws the cells from i, with a bar around each box where there are boxes.
func (p picture) row(cells []puzzle.Cell, shown []string, i, cols, boxCols int, color bool) string {
	var b strings.Builder
	for c := range cols {
		if boxCols > 0 && c%boxCols == 0 {
			b.WriteString("│ ")
		}
		b.WriteString(p.cell(cells[i+c], i+c, p.before != nil && p.before[i+c] != shown[i+c], color))
	}
	if boxCols > 0 {
		return b.String() + "│"
	}
	return strings.TrimRight(b.String(), " ")
}

// arcColors are the public viewer's ten colours in the 256-colour palette.
var arcColors = [10]int{16, 33, 196, 40, 220, 248, 201, 208, 117, 88}

// cell draws one cell; what the answer fills, once the model is sure. A cell that
// clashes has a "!" behind it, and without colour one that changed a "*".
func (p picture) cell(c puzzle.Cell, i int, changed, color bool) string {
	clash := p.clash != nil && p.clash[i]
	unsure := (c.Kind == puzzle.CellAnswer || c.Kind == puzzle.CellColor) && p.open(i)
	switch {
	case c.Kind == puzzle.CellBlank || unsure:
		return paint(color, "2", "·") + " "
	case clash:
		return paint(color, clashStyle, c.Text) + rest(c.Text, "!")
	case c.Kind == puzzle.CellGiven:
		return paint(color, "1", c.Text) + rest(c.Text, " ")
	case c.Kind == puzzle.CellWall:
		return paint(color, "38;5;240", "██")
	case c.Kind == puzzle.CellAnswer && changed && color:
		return paint(true, "4;"+sureStyle(p.at(i)), c.Text) + rest(c.Text, " ")
	case c.Kind == puzzle.CellAnswer && changed:
		return c.Text + rest(c.Text, "*")
	case c.Kind == puzzle.CellAnswer:
		return paint(color, sureStyle(p.at(i)), c.Text+rest(c.Text, " "))
	case c.Kind == puzzle.CellPath:
		return p.path(c, i, changed, color)
	case c.Kind == puzzle.CellHint:
		return p.hint(c.Text, i, changed, color)
	case c.Kind == puzzle.CellColor && color:
		return paint(true, fmt.Sprintf("48;5;%d", arcColors[c.Color]), "  ")
	}
	return c.Text + rest(c.Text, " ")
}

// rest fills a cell up with its second column.
func rest(text, mark string) string {
	switch utf8.RuneCountInString(text) {
	case 0:
		return "  "
	case 1:
		return mark
	}
	return ""
}

// path draws a cell of a path: lit when it is the answer, else as the model says it.
func (p picture) path(c puzzle.Cell, i int, changed, color bool) string {
	switch lit := p.final && (p.lit == nil || p.lit[i]); {
	case lit && color && p.wrong:
		return paint(true, clashStyle, cmp.Or(c.Under, c.Text)+" ")
	case lit && color:
		return paint(true, litStyle, cmp.Or(c.Under, c.Text)+" ")
	case lit:
		return c.Text + " "
	case c.Under != "":
		return p.hint(c.Under, i, changed, color)
	case p.open(i):
		return paint(color, "2", "·") + " "
	}
	return paint(color, sureStyle(p.at(i)), c.Text) + " "
}

// hint draws a thought, the brighter the surer, so that what the model has worked out
// spreads like a wave; around an answer all are dim.
func (p picture) hint(text string, i int, changed, color bool) string {
	style := "38;5;238"
	switch sure := p.at(i); {
	case p.final:
		style = "38;5;240"
	case p.open(i):
		text = "·"
	case changed:
		style = "38;5;220"
	case sure >= 0.99:
		style = "38;5;45"
	case sure >= 0.9:
		style = "38;5;31"
	}
	return paint(color, style, text) + " "
}

// Styles of what breaks the rules, white on red, and of a path that is the answer,
// black on green.
const (
	clashStyle = "1;38;5;231;48;5;160"
	litStyle   = "1;38;5;16;48;5;77"
)

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
