package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ARCStream draws the demonstrations of tasks at their true size, each time in another
// form: one of 8 rotations and reflections and a permutation of the colours, of which the
// legend tells (puzzle.ARCLayout). Every task has one row of the puzzle table. In an
// epoch each task of a set of weight 1 is drawn once. One goroutine uses it at a time.
type ARCStream struct {
	seed    uint64
	forms   []puzzle.Augmentation // nil: all
	sets    []drawnSet
	tasks   []arcLessons
	names   []string
	largest puzzle.ARC

	epoch uint64
	order []int32 // of the tasks in that epoch
	turns []int32 // of the tasks of a set, one permutation of them
	pcg   *rand.PCG
	rng   *rand.Rand
}

// ARCSet is tasks that are drawn alike: each Weight times in an epoch, on average.
type ARCSet struct {
	Tasks  []puzzle.ARCTask
	Weight float64
}

// drawnSet is where a set lies among the tasks, and how many of it are drawn in an epoch.
type drawnSet struct{ first, count, draws int }

// arcLessons is what a task is learned from.
type arcLessons struct {
	layout *puzzle.ARCLayout
	pairs  []puzzle.ARCPair
}

// ARCStreamOptions say how tasks are drawn.
type ARCStreamOptions struct {
	Seed       uint64
	Forms      int  // of each task, the first of puzzle.NumberedAugmentation; 1: its own alone, 0: all
	AllColours bool // see puzzle.ARC
}

// NewARCStream returns the stream of the tasks' demonstrations; row i+1 of the puzzle
// table is that of task i, counted over all sets. Test outputs are not looked at.
func NewARCStream(sets []ARCSet, o ARCStreamOptions) (*ARCStream, error) {
	s := &ARCStream{seed: o.Seed, names: []string{"<blank>"}, epoch: ^uint64(0), pcg: rand.NewPCG(0, 0)}
	s.rng, s.largest.AllColours = rand.New(s.pcg), o.AllColours
	if o.Forms < 0 || o.Forms > maxARCForms {
		return nil, fmt.Errorf("%w: %d forms of each task, want 0 to %d", ErrData, o.Forms, maxARCForms)
	}
	for i := range o.Forms {
		s.forms = append(s.forms, puzzle.NumberedAugmentation(i))
	}
	known := map[string]bool{}
	for _, set := range sets {
		if err := s.add(set, known); err != nil {
			return nil, err
		}
	}
	if len(s.tasks) == 0 {
		return nil, fmt.Errorf("%w: no ARC tasks to train on", ErrData)
	}
	return s, nil
}

// mostARCDraws bounds what the weight of a set asks for in an epoch.
const mostARCDraws = 1 << 24

func (s *ARCStream) add(set ARCSet, known map[string]bool) error {
	count := len(set.Tasks)
	draws := set.Weight * float64(count)
	switch {
	case count == 0:
		return nil
	case !(set.Weight > 0) || draws > mostARCDraws:
		return fmt.Errorf("%w: %d ARC tasks of weight %v, want a weight above 0 and at most %d draws in an epoch", ErrData, count, set.Weight, mostARCDraws)
	}
	s.sets = append(s.sets, drawnSet{len(s.tasks), count, max(1, int(math.Round(draws)))})
	for i := range set.Tasks {
		t := &set.Tasks[i]
		switch {
		case known[t.ID]:
			return fmt.Errorf("%w: task %q occurs twice", ErrData, t.ID)
		case len(t.Train) == 0:
			return fmt.Errorf("%w: task %q has no demonstrations", ErrData, t.ID)
		}
		known[t.ID] = true
		s.names = append(s.names, t.ID)
		s.tasks = append(s.tasks, arcLessons{puzzle.NewARCLayout(t, s.largest.AllColours), t.Train})
		s.grow(t)
	}
	return nil
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
					s.largest.Rows, s.largest.Cols = rows, cols
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
	length := s.epochLength()
	if epoch := n / length; epoch != s.epoch {
		s.shuffle(epoch)
	}
	i := s.order[n%length]
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

// epochLength returns the number of examples in an epoch.
func (s *ARCStream) epochLength() (n uint64) {
	for _, set := range s.sets {
		n += uint64(set.draws)
	}
	return n
}

// shuffle draws the tasks of an epoch, in their order.
func (s *ARCStream) shuffle(epoch uint64) {
	s.epoch, s.order = epoch, s.order[:0]
	for _, set := range s.sets {
		s.pick(set, epoch)
	}
	s.pcg.Seed(s.seed^mix(0), mix(epoch)+1)
	s.permute(s.order)
}

// pick appends what an epoch draws of a set: that many more of one permutation of it
// after another, so that every task has had its turn before one has its next.
func (s *ARCStream) pick(set drawnSet, epoch uint64) {
	first := len(s.order)
	for drawn := range set.draws {
		at := epoch*uint64(set.draws) + uint64(drawn)
		round, i := at/uint64(set.count), at%uint64(set.count)
		if drawn == 0 || i == 0 {
			s.turns = s.turns[:0]
			for k := range set.count {
				s.turns = append(s.turns, int32(set.first+k))
			}
			s.pcg.Seed(s.seed^mix(1), mix(round)+uint64(set.first))
			s.permute(s.turns)
		}
		s.order = append(s.order, s.turns[i])
	}
	slices.Sort(s.order[first:]) // a set that is drawn whole is shuffled from one order
}

func (s *ARCStream) permute(order []int32) {
	for k := len(order) - 1; k > 0; k-- {
		j := s.rng.IntN(k + 1)
		order[k], order[j] = order[j], order[k]
	}
}

// Hash returns the SHA-256 of all that training sees, in hexadecimal.
func (s *ARCStream) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "arc at true size, %d forms\n", len(s.forms))
	if s.largest.AllColours {
		fmt.Fprintln(h, "a legend of all colours")
	}
	for _, set := range s.sets {
		if set.draws != set.count {
			fmt.Fprintf(h, "%+v\n", set)
		}
	}
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
