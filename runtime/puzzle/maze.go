package puzzle

import (
	"errors"
	"fmt"
	"strings"
)

// Tokens of a maze; 0 is padding.
const (
	MazeWall  = 1 // '#'
	MazeOpen  = 2 // ' '
	MazeStart = 3 // 'S'
	MazeGoal  = 4 // 'G'
	MazePath  = 5 // 'o'

	// Steps, in the order in which labels choose; models with Directions alone.
	MazeDown  = 6 // 'v'
	MazeLeft  = 7 // '<'
	MazeRight = 8 // '>'
	MazeUp    = 9 // '^'
)

const mazeChars = "?# SGov<>^"

// ErrNotShortest is wrapped by the error of Maze.Check about a sound path
// that is longer than it need be.
var ErrNotShortest = errors.New("not a shortest path")

// Maze is a grid of Rows x Cols cells with walls; the answer marks a shortest
// path from S to G. Published models take 30 x 30.
//
// A model of the published kind says of every cell whether it is on the path.
// With Directions it says of every open cell where the next step to G is, see
// Labels, and Answer reads the path off the steps.
type Maze struct {
	Rows, Cols int
	Directions bool
}

// MaxMazeSide is the largest number of rows and of columns, 2 the smallest.
const MaxMazeSide = 255

// Name returns "maze".
func (Maze) Name() string { return "maze" }

// Size returns Rows, Cols.
func (m Maze) Size() (rows, cols int) { return m.Rows, m.Cols }

// Sized implements Sizer: 2 x 2 to MaxMazeSide x MaxMazeSide.
func (m Maze) Sized(rows, cols int) (Task, error) {
	if rows < 2 || cols < 2 || rows > MaxMazeSide || cols > MaxMazeSide {
		return nil, fmt.Errorf("%w: a maze of %d x %d, want 2 x 2 to %d x %d", ErrFormat, rows, cols, MaxMazeSide, MaxMazeSide)
	}
	m.Rows, m.Cols = rows, cols
	return m, nil
}

// SeqLen returns Rows * Cols.
func (m Maze) SeqLen() int { return m.Rows * m.Cols }

// Vocab returns 6, with Directions 10.
func (m Maze) Vocab() int {
	if m.Directions {
		return len(mazeChars)
	}
	return MazePath + 1
}

// Encode reads Rows*Cols characters, "# SGo" or others that people use.
func (m Maze) Encode(text string) ([]int32, error) {
	cells := []rune(text)
	if len(cells) != m.SeqLen() {
		return nil, &Error{Line: 1, Err: fmt.Errorf("%d cells, want %d", len(cells), m.SeqLen())}
	}
	tokens, cell, err := mazeTokens(cells)
	if err != nil {
		return nil, &Error{Line: 1, Column: cell + 1, Err: err}
	}
	return tokens, nil
}

// Decode returns Rows*Cols characters of "# SGo", and of "v<>^" for steps.
func (Maze) Decode(tokens []int32) string {
	text := make([]byte, len(tokens))
	for i, t := range tokens {
		text[i] = mazeByte(t)
	}
	return string(text)
}

func mazeByte(t int32) byte {
	if t < 0 || int(t) >= len(mazeChars) {
		return '?'
	}
	return mazeChars[t]
}

// Render draws the grid in Rows lines; the answer is drawn when there is one.
func (m Maze) Render(question, answer []int32) string {
	grid := question
	if answer != nil {
		grid = answer
	}
	var b strings.Builder
	for i, t := range grid {
		b.WriteByte(mazeByte(t))
		if (i+1)%m.Cols == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// layout implements gridTask.
func (m Maze) layout() layout {
	return layout{rows: m.Rows, cols: m.Cols, want: mazeWant, forms: mazeForms}
}

// Recognises implements Recogniser.
func (Maze) Recognises(line string) bool {
	usual := strings.Trim(line, "# SGo.") == "" && strings.TrimSpace(line) != ""
	return len(line) > 4 && mazeLine(line) == lineRow && (usual || strings.ContainsAny(line, "█X"))
}

// text implements gridTask.
func (m Maze) text(l *lines, answers bool) textSource {
	return &mazeReader{lines: l, task: m, answers: answers}
}

// checkQuestion reports a second S or G, a path, or none of S and G.
func (Maze) checkQuestion(q []int32) (cell int, err error) {
	at := map[int32]int{}
	for i, t := range q {
		switch _, twice := at[t]; {
		case t == MazePath:
			return i, errors.New("found 'o' in a question, want the maze without its path")
		case twice && (t == MazeStart || t == MazeGoal):
			return i, fmt.Errorf("found a second %q, want one", mazeByte(t))
		}
		at[t] = i
	}
	for _, t := range []int32{MazeStart, MazeGoal} {
		if _, ok := at[t]; !ok {
			return 0, fmt.Errorf("a maze without %q, want one", mazeByte(t))
		}
	}
	return 0, nil
}

// ends returns the cells of S and G.
func (m Maze) ends(q []int32) (start, goal int, err error) {
	if _, err := m.checkQuestion(q); err != nil {
		return 0, 0, err
	}
	for i, t := range q {
		switch t {
		case MazeStart:
			start = i
		case MazeGoal:
			goal = i
		}
	}
	return start, goal, nil
}

// Solve returns the answer that the reference's data sets hold: from S, step
// to the first of Down, Left, Right, Up that is one nearer to G. steps is the
// length of the path. A maze without a way from S to G is an error wrapping
// ErrFormat and ErrUnsolvable.
func (m Maze) Solve(question []int32) (answer []int32, steps int, err error) {
	if len(question) != m.SeqLen() {
		return nil, 0, fmt.Errorf("%w: %d cells, want %d", ErrFormat, len(question), m.SeqLen())
	}
	start, goal, err := m.ends(question)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	w := NewMazeWave(m)
	w.From(question, goal)
	answer = make([]int32, len(question))
	if !w.Path(question, answer) {
		return nil, 0, fmt.Errorf("%w: %w", ErrFormat, errNoWay)
	}
	return answer, int(w.Dist[start]), nil
}

// Judges implements Judge.
func (Maze) Judges() bool { return true }

// Check returns nil when the answer is the question with a shortest path from
// S to G marked, any of the shortest. A sound path that is longer wraps
// ErrNotShortest too.
func (m Maze) Check(question, answer []int32) error {
	if err := checkLen(m, question, answer); err != nil {
		return err
	}
	start, goal, err := m.ends(question)
	if err != nil {
		return wrong("%v", err)
	}
	steps, err := m.walk(question, answer, start, goal)
	if err != nil {
		return err
	}
	w := NewMazeWave(m)
	w.From(question, goal)
	if best := int(w.Dist[start]); steps > best {
		return fmt.Errorf("%w: %w: %d steps, the shortest has %d", ErrWrong, ErrNotShortest, steps, best)
	}
	return nil
}

// walk returns the steps of a path that marks no cell too many, of any length.
func (m Maze) walk(question, answer []int32, start, goal int) (steps int, err error) {
	marked := 0
	for i, t := range answer {
		if t == MazePath && question[i] == MazeOpen {
			marked++
		} else if t != question[i] {
			return 0, wrong("row %d, column %d is %q in the maze and %q in the answer", i/m.Cols+1, i%m.Cols+1,
				mazeByte(question[i]), mazeByte(t))
		}
	}
	w := NewMazeWave(m)
	w.fromAlong(answer, goal)
	steps = int(w.Dist[start])
	if steps < 0 {
		return 0, wrong("the path does not connect S with G")
	}
	if stray := marked - (steps - 1); stray > 0 {
		return 0, wrong("%d marked cells lie beside the path", stray)
	}
	return steps, nil
}

// Route implements Pathfinder.
func (m Maze) Route(question, answer []int32) (route []int) {
	start, goal, err := m.ends(question)
	if err != nil || checkLen(m, question, answer) != nil {
		return nil
	}
	w := NewMazeWave(m)
	w.fromAlong(answer, goal)
	if w.Dist[start] < 0 {
		return nil
	}
	for cell := w.Toward(start); cell != goal; cell = w.Toward(cell) {
		route = append(route, cell)
	}
	return route
}

// Path implements Pathfinder.
func (m Maze) Path(question, answer []int32) (steps int, shortest bool) {
	err := m.Check(question, answer)
	if err != nil && !errors.Is(err, ErrNotShortest) {
		return 0, false
	}
	for _, t := range answer {
		if t == MazePath {
			steps++
		}
	}
	return steps + 1, err == nil
}
