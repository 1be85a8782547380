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

// draw returns the lines of a picture for a task.
func draw(task puzzle.Task, p picture, color bool) []string {
	switch task.Name() {
	case "sudoku":
		return drawSudoku(p, color)
	case "maze":
		return drawGrid(p, color, mazeCell)
	}
	return drawGrid(p, color, arcCell)
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

func drawSudoku(p picture, color bool) []string {
	const top, middle, bottom = "┌───────┬───────┬───────┐", "├───────┼───────┼───────┤", "└───────┴───────┴───────┘"
	lines := []string{top}
	for r := range 9 {
		if r == 3 || r == 6 {
			lines = append(lines, middle)
		}
		var b strings.Builder
		for c := range 9 {
			if c%3 == 0 {
				b.WriteString("│ ")
			}
			b.WriteString(sudokuCell(p, 9*r+c, color) + " ")
		}
		lines = append(lines, b.String()+"│")
	}
	return append(lines, bottom)
}

// sudokuCell draws a given in bold, and an open cell once the model is sure.
func sudokuCell(p picture, i int, color bool) string {
	switch token := p.tokens[i]; {
	case p.given[i] > 1:
		return paint(color, "1", fmt.Sprint(p.given[i]-1))
	case token <= 1 || p.open(i):
		return paint(color, "2", "·")
	default:
		return paint(color, sureStyle(p.at(i)), fmt.Sprint(token-1))
	}
}

// drawGrid draws a square grid, two columns of the terminal a cell. Rows that
// are all padding are left out.
func drawGrid(p picture, color bool, cell func(p picture, i int, color bool) string) []string {
	side := int(math.Sqrt(float64(len(p.tokens))))
	var lines []string
	for r := range side {
		var b strings.Builder
		for c := range side {
			b.WriteString(cell(p, r*side+c, color))
		}
		if line := strings.TrimRight(b.String(), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// mazeCell draws the maze as it was given, and the path of the answer.
func mazeCell(p picture, i int, color bool) string {
	switch {
	case p.given[i] == puzzle.MazeWall:
		return paint(color, "38;5;240", "██")
	case p.given[i] == puzzle.MazeStart:
		return paint(color, "1", "S ")
	case p.given[i] == puzzle.MazeGoal:
		return paint(color, "1", "G ")
	case p.tokens[i] != puzzle.MazePath:
		return "  "
	case p.open(i):
		return paint(color, "2", "· ")
	}
	return paint(color, sureStyle(p.at(i)), "● ")
}

// arcColors are the public viewer's ten colours in the 256-colour palette.
var arcColors = [10]int{16, 33, 196, 40, 220, 248, 201, 208, 117, 88}

// ARC tokens: pad, end of grid, colours 0 to 9.
func arcCell(p picture, i int, color bool) string {
	k := p.tokens[i] - 2
	switch {
	case k < 0 || int(k) >= len(arcColors):
		return "  "
	case p.open(i):
		return paint(color, "2", "· ")
	case color:
		return paint(true, fmt.Sprintf("48;5;%d", arcColors[k]), "  ")
	}
	return fmt.Sprintf("%d ", k)
}
