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
)

const mazeChars = "?# SGo"

// ErrNotShortest is wrapped by the error of Maze.Check about a sound path
// that is longer than it need be.
var ErrNotShortest = errors.New("not a shortest path")

// Maze is a square grid with walls; the answer marks a shortest path from S to
// G. Published models take Side 30.
type Maze struct{ Side int }

// Name returns "maze".
func (Maze) Name() string { return "maze" }

// SeqLen returns Side * Side.
func (m Maze) SeqLen() int { return m.Side * m.Side }

// Vocab returns 6.
func (Maze) Vocab() int { return 6 }

const mazeWant = "want '#', ' ' or '.' (open), 'S', 'G' or 'o' (path)"

func mazeToken(c rune) (int32, bool) {
	if c == '.' {
		return MazeOpen, true
	}
	i := strings.IndexRune(mazeChars, c)
	return int32(i), i > 0
}

// Encode reads Side*Side characters of "# SGo".
func (m Maze) Encode(text string) ([]int32, error) {
	return encodeLine(m, text, mazeToken, mazeWant)
}

// Decode returns Side*Side characters of "# SGo".
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

// Render draws the grid in Side lines; the answer is drawn when there is one.
func (m Maze) Render(question, answer []int32) string {
	grid := question
	if answer != nil {
		grid = answer
	}
	var b strings.Builder
	for i, t := range grid {
		b.WriteByte(mazeByte(t))
		if (i+1)%m.Side == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// layout: every character is a cell, and an empty line ends a maze.
func (m Maze) layout() layout {
	return layout{
		side: m.Side, token: mazeToken, want: mazeWant,
		skip: func(rune) bool { return false },
		rule: func(string) bool { return false },
	}
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

// neighbours calls f for the cells Down, Left, Right and Up of a cell, in the
// order by which the reference's labels choose, until f returns false.
func (m Maze) neighbours(cell int, f func(int) bool) {
	r, c := cell/m.Side, cell%m.Side
	_ = (r == m.Side-1 || f(cell+m.Side)) &&
		(c == 0 || f(cell-1)) &&
		(c == m.Side-1 || f(cell+1)) &&
		(r == 0 || f(cell-m.Side))
}

// Distances returns for every cell the number of steps to the goal through
// cells that are not walls, -1 where there is no way. Only cells for which
// open is true are entered; nil enters all but walls.
func (m Maze) distances(grid []int32, goal int, open func(int) bool) []int {
	dist := make([]int, len(grid))
	for i := range dist {
		dist[i] = -1
	}
	dist[goal] = 0
	queue := []int{goal}
	for len(queue) > 0 {
		cell := queue[0]
		queue = queue[1:]
		m.neighbours(cell, func(n int) bool {
			if dist[n] < 0 && grid[n] != MazeWall && open(n) {
				dist[n] = dist[cell] + 1
				queue = append(queue, n)
			}
			return true
		})
	}
	return dist
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
// ErrFormat.
func (m Maze) Solve(question []int32) (answer []int32, steps int, err error) {
	if len(question) != m.SeqLen() {
		return nil, 0, fmt.Errorf("%w: %d cells, want %d", ErrFormat, len(question), m.SeqLen())
	}
	start, goal, err := m.ends(question)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	dist := m.distances(question, goal, func(int) bool { return true })
	if dist[start] < 0 {
		return nil, 0, fmt.Errorf("%w: a maze without a way from S to G", ErrFormat)
	}
	answer = append([]int32(nil), question...)
	for cell := start; dist[cell] > 1; {
		m.neighbours(cell, func(n int) bool {
			if dist[n] != dist[cell]-1 {
				return true
			}
			cell = n
			return false
		})
		answer[cell] = MazePath
	}
	return answer, dist[start], nil
}

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
	marked := 0
	for i, t := range answer {
		if t == MazePath && question[i] == MazeOpen {
			marked++
		} else if t != question[i] {
			return wrong("row %d, column %d is %q in the maze and %q in the answer", i/m.Side+1, i%m.Side+1,
				mazeByte(question[i]), mazeByte(t))
		}
	}
	walked := m.distances(answer, goal, func(i int) bool { return answer[i] == MazePath || i == start })[start]
	if walked < 0 {
		return wrong("the path does not connect S with G")
	}
	if stray := marked - (walked - 1); stray > 0 {
		return wrong("%d marked cells lie beside the path", stray)
	}
	if best := m.distances(question, goal, func(int) bool { return true })[start]; walked > best {
		return fmt.Errorf("%w: %w: %d steps, the shortest has %d", ErrWrong, ErrNotShortest, walked, best)
	}
	return nil
}
