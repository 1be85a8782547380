package puzzle

import (
	"slices"
	"strconv"
)

// Painter is a task whose grids can be drawn cell by cell.
type Painter interface {
	Task
	// Paint returns what each cell shows, of a question with a model's output or an
	// answer to it.
	Paint(question, output []int32) []Cell
}

// Boxes is a task whose grid is drawn in boxes.
type Boxes interface {
	Task
	Boxes() (rows, cols int) // of a box
}

// Cell is what a cell of a grid shows.
type Cell struct {
	Text  string // at most two characters wide
	Kind  CellKind
	Color uint8 // of CellColor, 0 to 9 as in ARC
}

// CellKind says how a cell is drawn.
type CellKind uint8

const (
	CellEmpty  CellKind = iota // nothing to show
	CellBlank                  // still to be filled
	CellGiven                  // of the question
	CellWall                   // filled, no text
	CellAnswer                 // of the answer
	CellHint                   // of a model's thoughts, not the answer
	CellColor                  // filled with Color
)

// Paint implements Painter.
func (Sudoku) Paint(question, output []int32) []Cell {
	cells := make([]Cell, len(output))
	for i, t := range output {
		switch q := question[i]; {
		case q > SudokuBlank:
			cells[i] = Cell{Text: strconv.Itoa(int(q) - 1), Kind: CellGiven}
		case t > SudokuBlank:
			cells[i] = Cell{Text: strconv.Itoa(int(t) - 1), Kind: CellAnswer}
		default:
			cells[i] = Cell{Kind: CellBlank}
		}
	}
	return cells
}

// Boxes implements Boxes.
func (Sudoku) Boxes() (rows, cols int) { return 3, 3 }

// Paint implements Painter: the maze, the path, and faint the steps of a model with
// Directions, which spread from G like a wave.
func (m Maze) Paint(question, output []int32) []Cell {
	answer := output
	if slices.ContainsFunc(output, func(t int32) bool { return t >= MazeDown }) {
		answer = m.Answer(question, output)
	}
	cells := make([]Cell, len(output))
	for i, q := range question {
		switch t := output[i]; {
		case q == MazeWall:
			cells[i] = Cell{Kind: CellWall}
		case q == MazeStart || q == MazeGoal:
			cells[i] = Cell{Text: string(mazeByte(q)), Kind: CellGiven}
		case answer[i] == MazePath:
			cells[i] = Cell{Text: "●", Kind: CellAnswer}
		case t >= MazeDown && t <= MazeUp:
			cells[i] = Cell{Text: [...]string{"↓", "←", "→", "↑"}[t-MazeDown], Kind: CellHint}
		}
	}
	return cells
}

// Paint implements Painter: the answer alone.
func (ARC) Paint(_, output []int32) []Cell {
	cells := make([]Cell, len(output))
	for i, t := range output {
		if t >= arcColor && t < arcColor+10 {
			c := uint8(t - arcColor)
			cells[i] = Cell{Text: strconv.Itoa(int(c)), Kind: CellColor, Color: c}
		}
	}
	return cells
}
