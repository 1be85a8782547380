package puzzle

import "slices"

// MazeWave is a breadth-first search from a cell of a maze. It is used again
// and again without allocating.
type MazeWave struct {
	Dist  []int32 // [Rows*Cols] steps to the cell of From, -1 where there is no way
	Cells []int32 // those that are reached, the nearest first

	rows, cols int
}

// NewMazeWave returns a wave for mazes of the size of m.
func NewMazeWave(m Maze) *MazeWave {
	n := m.SeqLen()
	return &MazeWave{Dist: make([]int32, n), Cells: make([]int32, 0, n), rows: m.Rows, cols: m.Cols}
}

// From searches a grid [Rows*Cols] from a cell through all that are no walls.
func (w *MazeWave) From(grid []int32, cell int) {
	for i, t := range grid {
		w.Dist[i] = unseen
		if t == MazeWall {
			w.Dist[i] = closed
		}
	}
	w.spread(cell)
}

// fromAlong searches the cells alone that are path, or S.
func (w *MazeWave) fromAlong(grid []int32, cell int) {
	for i, t := range grid {
		w.Dist[i] = closed
		if t == MazePath || t == MazeStart {
			w.Dist[i] = unseen
		}
	}
	w.spread(cell)
}

// What Dist holds while the wave spreads, instead of -1.
const (
	unseen = -1
	closed = -2
)

// spread reaches all cells that are unseen, from the first.
func (w *MazeWave) spread(cell int) {
	dist, cells := w.Dist, w.Cells[:0]
	dist[cell] = 0
	cells = append(cells, int32(cell))
	cols, last := uint32(w.cols), uint32(w.cols-1)
	for k := 0; k < len(cells); k++ {
		at := uint32(cells[k])
		next, col := dist[at]+1, at%cols
		if n := at + cols; n < uint32(len(dist)) && dist[n] == unseen {
			dist[n] = next
			cells = append(cells, int32(n))
		}
		if n := at - 1; col > 0 && dist[n] == unseen {
			dist[n] = next
			cells = append(cells, int32(n))
		}
		if n := at + 1; col < last && dist[n] == unseen {
			dist[n] = next
			cells = append(cells, int32(n))
		}
		if n := at - cols; at >= cols && dist[n] == unseen {
			dist[n] = next
			cells = append(cells, int32(n))
		}
	}
	w.Cells = cells
	for i, d := range dist {
		dist[i] = max(d, -1)
	}
}

// neighbours returns the cells Down, Left, Right and Up of a cell, in the order
// in which the published labels choose; -1 beyond the edge.
func (w *MazeWave) neighbours(cell int) (n [4]int) {
	n = [4]int{cell + w.cols, cell - 1, cell + 1, cell - w.cols}
	col := cell % w.cols
	if n[0] >= len(w.Dist) {
		n[0] = -1
	}
	if col == 0 {
		n[1] = -1
	}
	if col == w.cols-1 {
		n[2] = -1
	}
	if n[3] < 0 {
		n[3] = -1
	}
	return n
}

// Step returns the token of the step from a cell that is reached, and not the
// first, to the first neighbour that is one nearer.
func (w *MazeWave) Step(cell int) int32 {
	for k, n := range w.neighbours(cell) {
		if n >= 0 && w.Dist[n] == w.Dist[cell]-1 {
			return MazeDown + int32(k)
		}
	}
	return MazeOpen
}

// Toward returns the cell to which Step leads.
func (w *MazeWave) Toward(cell int) int { return w.neighbours(cell)[w.Step(cell)-MazeDown] }

// Label fills labels with what a model with Directions is taught about the grid
// that was searched from its G: the Step of every open cell that reaches G, S
// too; all else as it is in the grid.
func (w *MazeWave) Label(grid, labels []int32) {
	copy(labels, grid)
	for _, cell := range w.Cells[1:] {
		labels[cell] = w.Step(int(cell))
	}
}

// Path fills labels with the published answer to the grid that was searched from
// its G, and reports whether S reaches it: the cells from S to G along Step are
// marked, all else is as it is in the grid.
func (w *MazeWave) Path(grid, labels []int32) bool {
	copy(labels, grid)
	cell := slices.Index(grid, MazeStart)
	if cell < 0 || w.Dist[cell] < 0 {
		return false
	}
	for w.Dist[cell] > 1 {
		cell = w.Toward(cell)
		labels[cell] = MazePath
	}
	return true
}
