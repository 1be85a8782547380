package data

import "github.com/hrmgo/hrm/runtime/puzzle"

// Shapes of mazes that random walls hardly ever make.
var mazeShapes = []func(*mazeMaker){
	(*mazeMaker).field, (*mazeMaker).rooms, (*mazeMaker).spiral, (*mazeMaker).corridors,
	(*mazeMaker).tree, (*mazeMaker).blocks, (*mazeMaker).cave,
}

// shape makes a maze of a random shape, S and G on any two of its cells that
// reach each other, and reports whether it could.
func (m *mazeMaker) shape() bool {
	for range 32 {
		mazeShapes[m.rng.IntN(len(mazeShapes))](m)
		m.open = m.open[:0]
		for i, t := range m.grid {
			if t == puzzle.MazeOpen {
				m.open = append(m.open, int32(i))
			}
		}
		if len(m.open) < 2 {
			continue
		}
		m.wave.From(m.grid, int(m.open[m.rng.IntN(len(m.open))]))
		if m.ends(1) {
			return true
		}
	}
	return false
}

// fill sets the cells of a rectangle, its ends included, as far as they are in
// the grid.
func (m *mazeMaker) fill(top, left, bottom, right int, token int32) {
	for r := max(top, 0); r <= min(bottom, m.maze.Rows-1); r++ {
		for c := max(left, 0); c <= min(right, m.maze.Cols-1); c++ {
			m.grid[r*m.maze.Cols+c] = token
		}
	}
}

func (m *mazeMaker) fillAll(token int32) {
	for i := range m.grid {
		m.grid[i] = token
	}
}

// field is open but for few walls, and often for none.
func (m *mazeMaker) field() {
	m.walls(0, m.rng.IntN(lowWalls))
	if m.rng.IntN(3) == 0 {
		m.fillAll(puzzle.MazeOpen)
	}
}

// rooms divides the grid again and again by walls with a door or two.
func (m *mazeMaker) rooms() {
	m.fillAll(puzzle.MazeOpen)
	m.divide(0, 0, m.maze.Rows-1, m.maze.Cols-1, 3+m.rng.IntN(8))
}

// divide divides a rectangle until it is below the size of a room.
func (m *mazeMaker) divide(top, left, bottom, right, room int) {
	rows, cols := bottom-top+1, right-left+1
	if max(rows, cols) < room || min(rows, cols) < 3 {
		return
	}
	if rows > cols || rows == cols && m.rng.IntN(2) == 0 {
		r := top + 1 + m.rng.IntN(rows-2)
		m.fill(r, left, r, right, puzzle.MazeWall)
		m.divide(top, left, r-1, right, room)
		m.divide(r+1, left, bottom, right, room)
		for range 1 + m.rng.IntN(2) {
			c := left + m.rng.IntN(cols)
			m.fill(r-1, c, r+1, c, puzzle.MazeOpen)
		}
		return
	}
	c := left + 1 + m.rng.IntN(cols-2)
	m.fill(top, c, bottom, c, puzzle.MazeWall)
	m.divide(top, left, bottom, c-1, room)
	m.divide(top, c+1, bottom, right, room)
	for range 1 + m.rng.IntN(2) {
		r := top + m.rng.IntN(rows)
		m.fill(r, c-1, r, c+1, puzzle.MazeOpen)
	}
}

// spiral is one way from a corner to the middle, one to three cells wide, turning
// either way, and now and then with a shortcut.
func (m *mazeMaker) spiral() {
	width := 1 + m.rng.IntN(3)
	m.fillAll(puzzle.MazeWall)
	top, left, bottom, right := 0, 0, m.maze.Rows-1, m.maze.Cols-1
	for ring := 0; top <= bottom && left <= right; ring++ {
		m.fill(top, left, top+width-1, right, puzzle.MazeOpen)
		m.fill(top, right-width+1, bottom, right, puzzle.MazeOpen)
		m.fill(bottom-width+1, left, bottom, right, puzzle.MazeOpen)
		// The last side ends a wall before the first, and leads on into the ring within.
		m.fill(top+width+1, left, bottom, left+width-1, puzzle.MazeOpen)
		m.fill(top+width+1, left, top+2*width, left+width, puzzle.MazeOpen)
		top, left, bottom, right = top+width+1, left+width+1, bottom-width-1, right-width-1
	}
	m.mirror()
	m.knock(m.rng.IntN(3))
}

// mirror turns the grid upside down or left to right, or neither or both.
func (m *mazeMaker) mirror() {
	rows, cols := m.maze.Rows, m.maze.Cols
	if m.rng.IntN(2) == 0 {
		for i := range rows * cols / 2 {
			k := rows*cols - 1 - i
			m.grid[i], m.grid[k] = m.grid[k], m.grid[i]
		}
	}
	if m.rng.IntN(2) == 0 {
		for r := range rows {
			line := m.grid[r*cols : (r+1)*cols]
			for c := range cols / 2 {
				line[c], line[cols-1-c] = line[cols-1-c], line[c]
			}
		}
	}
}

// knock opens n cells.
func (m *mazeMaker) knock(n int) {
	for range n {
		m.grid[m.rng.IntN(len(m.grid))] = puzzle.MazeOpen
	}
}

// corridors lie side by side, with walls between them that have a gap or two: at
// alternating ends, or anywhere.
func (m *mazeMaker) corridors() {
	m.fillAll(puzzle.MazeOpen)
	width, across, snake := 1+m.rng.IntN(3), m.rng.IntN(2) == 0, m.rng.IntN(2) == 0
	length, lines := m.maze.Cols, m.maze.Rows
	if across {
		length, lines = lines, length
	}
	for k, at := 0, width; at < lines-1; k, at = k+1, at+width+1 {
		for i := range length {
			m.put(across, at, i, puzzle.MazeWall)
		}
		for range 1 + m.rng.IntN(2) {
			gap := m.rng.IntN(length)
			if snake {
				gap = k % 2 * (length - 1)
			}
			m.put(across, at, gap, puzzle.MazeOpen)
		}
	}
}

// put sets cell i of a line, which is a row or across them a column.
func (m *mazeMaker) put(across bool, line, i int, token int32) {
	if across {
		line, i = i, line
	}
	m.grid[line*m.maze.Cols+i] = token
}

// tree carves ways one cell wide between the cells of even row and column, one
// way from each to each other, and then opens up to a tenth of the walls again.
func (m *mazeMaker) tree() {
	m.fillAll(puzzle.MazeWall)
	cols := m.maze.Cols
	rows2, cols2 := (m.maze.Rows+1)/2, (cols+1)/2
	stack := append(m.open[:0], int32(m.rng.IntN(rows2)*2*cols+m.rng.IntN(cols2)*2))
	m.grid[stack[0]] = puzzle.MazeOpen
	for len(stack) > 0 {
		at := int(stack[len(stack)-1])
		n, between := m.uncarved(at)
		if n < 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		m.grid[n], m.grid[between] = puzzle.MazeOpen, puzzle.MazeOpen
		stack = append(stack, int32(n))
	}
	if m.rng.IntN(2) == 0 {
		m.knock(m.rng.IntN(len(m.grid)/20 + 1))
	}
}

// uncarved returns a random cell two away that is a wall, and the cell between;
// -1 when there is none.
func (m *mazeMaker) uncarved(at int) (n, between int) {
	rows, cols := m.maze.Rows, m.maze.Cols
	r, c, seen := at/cols, at%cols, 0
	n = -1
	for _, d := range [4][2]int{{1, 0}, {0, -1}, {0, 1}, {-1, 0}} {
		y, x := r+2*d[0], c+2*d[1]
		if y < 0 || x < 0 || y >= rows || x >= cols || m.grid[y*cols+x] != puzzle.MazeWall {
			continue
		}
		if seen++; m.rng.IntN(seen) == 0 {
			n, between = y*cols+x, (r+d[0])*cols+c+d[1]
		}
	}
	return n, between
}

// blocks are walls of any size in an open field.
func (m *mazeMaker) blocks() {
	m.fillAll(puzzle.MazeOpen)
	for range 1 + m.rng.IntN(len(m.grid)/16+1) {
		r, c := m.rng.IntN(m.maze.Rows), m.rng.IntN(m.maze.Cols)
		rows, cols := 1+m.rng.IntN(4), 1+m.rng.IntN(4)
		switch m.rng.IntN(3) {
		case 0:
			rows = 1
		case 1:
			cols = 1
		}
		m.fill(r, c, r+rows-1, c+cols-1, puzzle.MazeWall)
	}
}

// cave is random walls of which those that stand alone are gone, and those that
// are surrounded have grown together.
func (m *mazeMaker) cave() {
	m.walls(lowWalls, highWalls)
	rows, cols := m.maze.Rows, m.maze.Cols
	before := m.wave.Dist // nobody needs it now
	copy(before, m.grid)
	for i := range m.grid {
		walls := 0
		for r := max(i/cols-1, 0); r <= min(i/cols+1, rows-1); r++ {
			for c := max(i%cols-1, 0); c <= min(i%cols+1, cols-1); c++ {
				walls += int(before[r*cols+c] & puzzle.MazeWall)
			}
		}
		m.grid[i] = puzzle.MazeOpen
		if walls >= 5 {
			m.grid[i] = puzzle.MazeWall
		}
	}
}
