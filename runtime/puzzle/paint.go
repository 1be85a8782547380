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

// Clasher is a task whose rules forbid the same in two cells of a group.
type Clasher interface {
	Task
	// Clashes tells of each cell whether another of its row, column or box has the
	// same; blank cells do not clash.
	Clashes(tokens []int32) []bool
}

// Cell is what a cell of a grid shows.
type Cell struct {
	Text  string // at most two characters wide
	Under string // of a cell of a path: the step that the model says there, if it says steps
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
	CellPath                   // of an answer that is a path
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

// Clashes implements Clasher.
func (s Sudoku) Clashes(tokens []int32) []bool {
	rows, cols := s.Boxes()
	return clashes(tokens, 9, rows, cols, SudokuBlank)
}

// clashes tells which tokens other than 0 and blank occur twice in a row, a column or
// a box of boxRows x boxCols; 0 x 0 for no boxes.
func clashes(tokens []int32, cols, boxRows, boxCols int, blank int32) []bool {
	type place struct {
		kind, unit int
		token      int32
	}
	first, found := map[place]int{}, make([]bool, len(tokens))
	for i, t := range tokens {
		if t <= 0 || t == blank {
			continue
		}
		row, col := i/cols, i%cols
		places := []place{{0, row, t}, {1, col, t}}
		if boxRows > 0 {
			places = append(places, place{2, row/boxRows*(cols/boxCols) + col/boxCols, t})
		}
		for _, p := range places {
			if at, twice := first[p]; twice {
				found[at], found[i] = true, true
			} else {
				first[p] = i
			}
		}
	}
	return found
}

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
			cells[i] = Cell{Text: "●", Under: mazeArrow(t), Kind: CellPath}
		case mazeArrow(t) != "":
			cells[i] = Cell{Text: mazeArrow(t), Kind: CellHint}
		}
	}
	return cells
}

// mazeArrow draws a step, and nothing else.
func mazeArrow(t int32) string {
	if t < MazeDown || t > MazeUp {
		return ""
	}
	return [...]string{"↓", "←", "→", "↑"}[t-MazeDown]
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
