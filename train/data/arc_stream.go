package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ARCStream draws the demonstrations of tasks at their true size, each time in another
// form: one of 8 rotations and reflections and a permutation of the colours, of which the
// legend tells (puzzle.ARCLayout). Every task has one row of the puzzle table. In an
// epoch each task is drawn once. One goroutine uses it at a time.
type ARCStream struct {
	seed    uint64
	forms   []puzzle.Augmentation // nil: all
	tasks   []arcLessons
	names   []string
	largest puzzle.ARC

	epoch uint64
	order []int32 // of the tasks in that epoch
	pcg   *rand.PCG
	rng   *rand.Rand
}

// arcLessons is what a task is learned from.
type arcLessons struct {
	layout *puzzle.ARCLayout
	pairs  []puzzle.ARCPair
}

// NewARCStream returns the stream of the tasks' demonstrations; row i+1 of the puzzle
// table is that of task i. Test outputs are not looked at. forms is how many there are,
// the first of puzzle.NumberedAugmentation; 1: the tasks' own alone, 0: all.
func NewARCStream(tasks []puzzle.ARCTask, seed uint64, forms int) (*ARCStream, error) {
	s := &ARCStream{seed: seed, names: []string{"<blank>"}, epoch: ^uint64(0), pcg: rand.NewPCG(0, 0)}
	s.rng = rand.New(s.pcg)
	if forms < 0 || forms > maxARCForms {
		return nil, fmt.Errorf("%w: %d forms of each task, want 0 to %d", ErrData, forms, maxARCForms)
	}
	for i := range forms {
		s.forms = append(s.forms, puzzle.NumberedAugmentation(i))
	}
	known := map[string]bool{}
	for i := range tasks {
		t := &tasks[i]
		switch {
		case known[t.ID]:
			return nil, fmt.Errorf("%w: task %q occurs twice", ErrData, t.ID)
		case len(t.Train) == 0:
			return nil, fmt.Errorf("%w: task %q has no demonstrations", ErrData, t.ID)
		}
		known[t.ID] = true
		s.names = append(s.names, t.ID)
		s.tasks = append(s.tasks, arcLessons{puzzle.NewARCLayout(t), t.Train})
		s.order = append(s.order, int32(i))
		s.grow(t)
	}
	if len(tasks) == 0 {
		return nil, fmt.Errorf("%w: no ARC tasks to train on", ErrData)
	}
	return s, nil
}

// grow makes room for every question of a task, turned or not.
func (s *ARCStream) grow(t *puzzle.ARCTask) {
	layout := s.tasks[len(s.tasks)-1].layout
	for _, pairs := range [][]puzzle.ARCPair{t.Train, t.Test} {
		for _, p := range pairs {
			for _, d := range []uint8{0, 6} {
				a := puzzle.NoAugmentation
				a.Dihedral = d
				if rows, cols := layout.Size(&a, p.Input); rows*cols > s.largest.Rows*s.largest.Cols {
					s.largest = puzzle.ARC{Rows: rows, Cols: cols}
				}
			}
		}
	}
}

// Task returns the task at the size of the largest question.
func (s *ARCStream) Task() puzzle.ARC { return s.largest }

// Names returns the names of the puzzle table's rows: row 0 is "<blank>".
func (s *ARCStream) Names() []string { return s.names }

// Pairs returns the number of demonstrations.
func (s *ARCStream) Pairs() (n int) {
	for i := range s.tasks {
		n += len(s.tasks[i].pairs)
	}
	return n
}

// Example writes the n'th example into the front of two slices of the Task's length,
// and returns its size and its row of the puzzle table. Nothing is allocated.
func (s *ARCStream) Example(n uint64, tokens, labels []int32) (rows, cols int, row int32) {
	count := uint64(len(s.tasks))
	if epoch := n / count; epoch != s.epoch {
		s.shuffle(epoch)
	}
	i := s.order[n%count]
	t := &s.tasks[i]
	s.pcg.Seed(s.seed, mix(n+1))
	p := &t.pairs[s.rng.IntN(len(t.pairs))]
	var a puzzle.Augmentation
	if s.forms != nil {
		a = s.forms[s.rng.IntN(len(s.forms))]
	} else {
		a = puzzle.RandomAugmentation(s.rng)
	}
	t.layout.Question(&a, p.Input, tokens)
	t.layout.Labels(&a, *p, Ignore, labels) // a demonstration fits its task's canvas
	rows, cols = t.layout.Size(&a, p.Input)
	return rows, cols, i + 1
}

// shuffle puts the tasks in the order of an epoch.
func (s *ARCStream) shuffle(epoch uint64) {
	s.epoch = epoch
	s.pcg.Seed(s.seed^mix(0), mix(epoch)+1)
	for i := range s.order {
		s.order[i] = int32(i)
	}
	for k := len(s.order) - 1; k > 0; k-- {
		j := s.rng.IntN(k + 1)
		s.order[k], s.order[j] = s.order[j], s.order[k]
	}
}

// Hash returns the SHA-256 of all that training sees, in hexadecimal.
func (s *ARCStream) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "arc at true size, %d forms\n", len(s.forms))
	for i := range s.tasks {
		fmt.Fprintf(h, "%q %+v\n", s.names[i+1], *s.tasks[i].layout)
		for _, p := range s.tasks[i].pairs {
			for _, g := range []puzzle.ARCGrid{p.Input, p.Output} {
				_ = binary.Write(h, binary.LittleEndian, [2]int32{int32(g.Rows), int32(g.Cols)})
				h.Write(g.Cells)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
