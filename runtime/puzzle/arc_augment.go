package puzzle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
)

// Augmentation is one of the 8 * 9! transformations of an ARC task that the
// references train on: first a rotation or reflection, then a permutation of
// the colours that leaves black (0) alone.
type Augmentation struct {
	Dihedral uint8     // 0 identity, 1 to 3 quarter turns to the left, 4 left-right, 5 up-down, 6 transposed, 7 anti-transposed
	Colors   [10]uint8 // what becomes of each colour
}

// NoAugmentation changes nothing.
var NoAugmentation = Augmentation{Colors: [10]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}

// RandomAugmentation draws an augmentation, each with the same probability.
func RandomAugmentation(rng *rand.Rand) Augmentation {
	a := NoAugmentation
	a.Dihedral = uint8(rng.IntN(8))
	shuffle(rng, a.Colors[1:])
	return a
}

// NumberedAugmentation returns form i of an endless list, the same everywhere: the eight
// rotations and reflections in the task's own colours, then in colours permuted in one
// way after another.
func NumberedAugmentation(i int) Augmentation {
	a := NoAugmentation
	if i >= 8 {
		a = RandomAugmentation(rand.New(rand.NewPCG(uint64(i/8), 0)))
	}
	a.Dihedral = uint8(i % 8)
	return a
}

// Size returns the rows and columns of an augmented grid.
func (a *Augmentation) Size(rows, cols int) (int, int) {
	switch a.Dihedral {
	case 1, 3, 6, 7:
		return cols, rows
	}
	return rows, cols
}

// source returns the cell of a rows x cols grid that comes to row r, column c
// of the transformed grid.
func source(dihedral uint8, rows, cols, r, c int) (int, int) {
	switch dihedral {
	case 1:
		return c, cols - 1 - r
	case 2:
		return rows - 1 - r, cols - 1 - c
	case 3:
		return rows - 1 - c, r
	case 4:
		return r, cols - 1 - c
	case 5:
		return rows - 1 - r, c
	case 6:
		return c, r
	case 7:
		return rows - 1 - c, cols - 1 - r
	}
	return r, c
}

// At returns the colour at row r, column c of the augmented grid.
func (a *Augmentation) At(g ARCGrid, r, c int) uint8 {
	sr, sc := source(a.Dihedral, g.Rows, g.Cols, r, c)
	return a.Colors[g.Cells[sr*g.Cols+sc]]
}

func turn(dihedral uint8, g ARCGrid) ARCGrid {
	a := Augmentation{Dihedral: dihedral}
	var out ARCGrid
	out.Rows, out.Cols = a.Size(g.Rows, g.Cols)
	out.Cells = make([]uint8, len(g.Cells))
	for r := range out.Rows {
		for c := range out.Cols {
			sr, sc := source(dihedral, g.Rows, g.Cols, r, c)
			out.Cells[r*out.Cols+c] = g.Cells[sr*g.Cols+sc]
		}
	}
	return out
}

// Apply returns the augmented grid.
func (a *Augmentation) Apply(g ARCGrid) ARCGrid {
	out := turn(a.Dihedral, g)
	for i, c := range out.Cells {
		out.Cells[i] = a.Colors[c]
	}
	return out
}

var dihedralInverse = [8]uint8{0, 3, 2, 1, 4, 5, 6, 7}

// Undo returns the grid of which g is the augmented form.
func (a *Augmentation) Undo(g ARCGrid) ARCGrid {
	var inverse [10]uint8
	for c, to := range a.Colors {
		inverse[to] = uint8(c)
	}
	out := turn(dihedralInverse[a.Dihedral], g)
	for i, c := range out.Cells {
		out.Cells[i] = inverse[c]
	}
	return out
}

// Name returns the name by which the references know the augmented task:
// <id>_t<dihedral>_<colours>. The unchanged task keeps its own.
func (a *Augmentation) Name(id string) string {
	if *a == NoAugmentation {
		return id
	}
	var colors [10]byte
	for i, c := range a.Colors {
		colors[i] = '0' + c
	}
	return fmt.Sprintf("%s_t%d_%s", id, a.Dihedral, colors[:])
}

// ParseAugmented splits a name as Name makes it, or with the separator ||| as
// TRM writes it. A name without augmentation is a task's own.
func ParseAugmented(name string) (id string, a Augmentation, err error) {
	a = NoAugmentation
	sep := "_"
	if strings.Contains(name, "|||") {
		sep = "|||"
	}
	parts := strings.Split(name, sep)
	if len(parts) < 3 {
		return name, a, nil
	}
	n := len(parts)
	t, colors := parts[n-2], parts[n-1]
	if len(t) != 2 || t[0] != 't' || len(colors) != 10 {
		return name, a, nil
	}
	if t[1] < '0' || t[1] > '7' {
		return "", a, fmt.Errorf("%w: name %q: transformation %q, want t0 to t7", ErrFormat, name, t)
	}
	a.Dihedral = t[1] - '0'
	seen := 0
	for i := range a.Colors {
		a.Colors[i] = colors[i] - '0'
		seen |= 1 << a.Colors[i]
	}
	if seen != 1<<10-1 || a.Colors[0] != 0 {
		return "", a, fmt.Errorf("%w: name %q: colours %q, want a permutation of 0123456789 that begins with 0", ErrFormat, name, colors)
	}
	return strings.Join(parts[:n-2], sep), a, nil
}

// Place writes the augmented grid on a canvas [900] at an offset. Nothing is
// allocated.
func (a *Augmentation) Place(canvas []int32, g ARCGrid, row, col int) {
	a.place(canvas[:ARCCells], ARCSide, g, row, col)
}

// place is Place on a canvas with so many columns.
func (a *Augmentation) place(canvas []int32, side int, g ARCGrid, row, col int) {
	clear(canvas)
	rows, cols := a.Size(g.Rows, g.Cols)
	for r := range rows {
		line := canvas[(row+r)*side+col:]
		for c := range cols {
			line[c] = int32(a.At(g, r, c)) + arcColor
		}
		if col+cols < side {
			line[cols] = ARCEnd
		}
	}
	if below := (row+rows)*side + col; below < len(canvas) {
		for c := range cols {
			canvas[below+c] = ARCEnd
		}
	}
}

// Ballot counts the answers to one test input that the augmented forms of its
// task give.
type Ballot struct {
	candidates []Candidate
	index      map[string]int
}

// Candidate is an answer and its votes.
type Candidate struct {
	Grid  ARCGrid
	Votes int
	Halt  float64 // mean of sigmoid(q_halt) over its votes
}

// Add counts an answer, already undone to the task's own form, with the
// halting head's q_halt.
func (b *Ballot) Add(g ARCGrid, qHalt float32) {
	if b.index == nil {
		b.index = map[string]int{}
	}
	key := g.String()
	i, ok := b.index[key]
	if !ok {
		i = len(b.candidates)
		b.index[key] = i
		b.candidates = append(b.candidates, Candidate{Grid: g})
	}
	c := &b.candidates[i]
	c.Votes++
	p := 1 / (1 + math.Exp(-float64(qHalt)))
	c.Halt += (p - c.Halt) / float64(c.Votes)
}

// Best returns up to k candidates, by number of votes, then by Halt, then in
// the order of their first vote. ARC allows two attempts.
func (b *Ballot) Best(k int) []Candidate {
	out := append([]Candidate(nil), b.candidates...)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Votes != out[j].Votes {
			return out[i].Votes > out[j].Votes
		}
		return out[i].Halt > out[j].Halt
	})
	return out[:min(k, len(out))]
}
