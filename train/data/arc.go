package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ARCOptions says how tasks become a data set.
type ARCOptions struct {
	Seed uint64
	// Augmentations is how many augmented forms each task has beside its own,
	// each with a row of the puzzle table; the references take 1000. Tasks with
	// few colours and much symmetry have fewer.
	Augmentations int
}

// ARCData is ARC tasks as the references train on them. Of the tasks of split
// "evaluation" only the demonstrations are in Train, and the tests in Test; of
// all others everything is in Train.
type ARCData struct {
	Train *Set
	Test  *Set // nil when there is none; only the tasks' own forms
	// Identifiers names the rows of the puzzle table: row 0 is "<blank>".
	Identifiers []string
}

// arcSet is what a Set needs to augment tasks on the fly.
type arcSet struct {
	pairs []puzzle.ARCPair // [N]
	first []int32          // [N] puzzle id of the task's own form
	forms []int32          // [N] number of its forms
	fixed []bool           // [N] no translation: the task is for evaluation
	augs  []puzzle.Augmentation
}

const (
	maxARCForms = 1 << 24 // rows of the puzzle table
	evaluation  = "evaluation"
)

// NewARC makes data sets of tasks. Augmented forms are drawn once, from the
// seed; which of them an example shows, and its translation, is drawn with the
// example. In every draw but one in as many as the task has examples the grids
// are translated, as in the references, which leave one example of each form
// in its corner.
func NewARC(tasks []puzzle.ARCTask, o ARCOptions) (*ARCData, error) {
	if o.Augmentations < 0 || o.Augmentations > maxARCForms/max(len(tasks), 1)-1 {
		return nil, fmt.Errorf("%w: %d augmentations of %d tasks, want at most %d rows", ErrData, o.Augmentations,
			len(tasks), maxARCForms)
	}
	d := &ARCData{Train: newARCSet(), Test: newARCSet(), Identifiers: []string{"<blank>"}}
	augs := []puzzle.Augmentation{puzzle.NoAugmentation}
	names := map[string]bool{}
	for i := range tasks {
		t := &tasks[i]
		if names[t.ID] {
			return nil, fmt.Errorf("%w: task %q occurs twice", ErrData, t.ID)
		}
		names[t.ID] = true
		first := len(augs)
		augs = append(augs, forms(t, o.Augmentations, rand.New(rand.NewPCG(o.Seed, mix(uint64(i)))))...)
		for _, a := range augs[first:] {
			d.Identifiers = append(d.Identifiers, a.Name(t.ID))
		}
		if err := d.add(t, int32(first), int32(len(augs)-first)); err != nil {
			return nil, err
		}
	}
	for _, s := range []*Set{d.Train, d.Test} {
		s.NumPuzzles = len(augs)
		s.arc.augs = augs
	}
	if d.Test.Len() == 0 {
		d.Test = nil
	}
	if d.Train.Len() == 0 {
		return nil, fmt.Errorf("%w: no ARC examples to train on", ErrData)
	}
	return d, nil
}

func newARCSet() *Set {
	s := NewSet(puzzle.ARC{})
	s.arc = &arcSet{}
	return s
}

func (d *ARCData) add(t *puzzle.ARCTask, first, forms int32) error {
	eval := IsEvaluation(t.Split)
	test := d.Train
	if eval {
		test = d.Test
	}
	for _, part := range []struct {
		pairs []puzzle.ARCPair
		to    *Set
	}{{t.Train, d.Train}, {t.Test, test}} {
		for _, p := range part.pairs {
			if len(p.Output.Cells) == 0 {
				continue // a test whose answer is secret
			}
			s := part.to
			err := s.Add(puzzle.Puzzle{Question: p.Input.Tokens(), Answer: p.Output.Tokens(), Source: t.Split,
				Rating: -1, Where: "task " + t.ID})
			if err != nil {
				return err
			}
			s.ids = append(s.ids, first)
			a := s.arc
			a.pairs = append(a.pairs, p)
			a.first, a.forms, a.fixed = append(a.first, first), append(a.forms, forms), append(a.fixed, eval)
		}
	}
	return nil
}

// forms returns the task's own form and up to n others that differ from it and
// from each other.
func forms(t *puzzle.ARCTask, n int, rng *rand.Rand) []puzzle.Augmentation {
	const retries = 5 // as the references
	out := []puzzle.Augmentation{puzzle.NoAugmentation}
	seen := map[uint64]bool{hashForm(t, &out[0]): true}
	for tries := retries * n; tries > 0 && len(out) <= n; tries-- {
		a := puzzle.RandomAugmentation(rng)
		if h := hashForm(t, &a); !seen[h] {
			seen[h] = true
			out = append(out, a)
		}
	}
	return out
}

// hashForm returns a hash of a task's augmented pairs, whatever their order.
func hashForm(t *puzzle.ARCTask, a *puzzle.Augmentation) (sum uint64) {
	for _, pairs := range [][]puzzle.ARCPair{t.Train, t.Test} {
		for _, p := range pairs {
			sum += mix(hashGrid(p.Input, a)*3 + hashGrid(p.Output, a))
		}
	}
	return sum
}

func hashGrid(g puzzle.ARCGrid, a *puzzle.Augmentation) uint64 {
	rows, cols := a.Size(g.Rows, g.Cols)
	h := mix(uint64(rows<<8 | cols))
	for r := range rows {
		for c := range cols {
			h = (h ^ uint64(a.At(g, r, c))) * 0x100000001b3
		}
	}
	return h
}

// augmentARC writes example i in a random form of its task, translated.
func augmentARC(s *Set, rng *rand.Rand, i int, input, label []int32) int32 {
	a, p := s.arc, &s.arc.pairs[i]
	id := a.first[i] + int32(rng.IntN(int(a.forms[i])))
	aug := &a.augs[id]
	row, col := 0, 0
	if !a.fixed[i] && rng.IntN(max(s.taskSize(i), 1)) > 0 {
		rows, cols := aug.Size(max(p.Input.Rows, p.Output.Rows), max(p.Input.Cols, p.Output.Cols))
		row, col = rng.IntN(puzzle.ARCSide-rows+1), rng.IntN(puzzle.ARCSide-cols+1)
	}
	aug.Place(input, p.Input, row, col)
	aug.Place(label, p.Output, row, col)
	for k, t := range label[:puzzle.ARCCells] {
		label[k] = labelOf(uint8(t))
	}
	return id
}

// taskSize returns the number of examples of the task that example i is of.
func (s *Set) taskSize(i int) int {
	first, n := s.arc.first, 1
	for k := i - 1; k >= 0 && first[k] == first[i]; k-- {
		n++
	}
	for k := i + 1; k < len(first) && first[k] == first[i]; k++ {
		n++
	}
	return n
}

// ARCLoader reads tasks for training.
type ARCLoader struct {
	Split string // of all tasks; "": what the files say
}

// LoadARC reads tasks from files and folders, as puzzle.OpenARC does. Tasks whose
// solutions lie in a file of their own must have a split: those of evaluation
// must not be trained on.
func LoadARC(ctx context.Context, paths ...string) ([]puzzle.ARCTask, error) {
	return ARCLoader{}.Load(ctx, paths...)
}

// Load is LoadARC. A bad task is an error: training data is either right or
// not used.
func (l ARCLoader) Load(ctx context.Context, paths ...string) ([]puzzle.ARCTask, error) {
	files, err := puzzle.OpenARC(paths...)
	if err != nil {
		return nil, fmt.Errorf("ARC tasks: %w", err)
	}
	defer func() { _ = files.Close() }()
	var tasks []puzzle.ARCTask
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		t, err := files.Next()
		if errors.Is(err, io.EOF) {
			return tasks, nil
		}
		if l.Split != "" {
			t.Split = l.Split
		}
		if err == nil && t.Joined && t.Split == "" {
			err = fmt.Errorf("%w: %s: its name does not say whether it is for training or for evaluation, and so hrm-train data arc --as must", ErrData, files.File())
		}
		if err != nil {
			return nil, fmt.Errorf("ARC tasks: %w", err)
		}
		tasks = append(tasks, t)
	}
}

// IsEvaluation knows the split evaluation, and its further ones: evaluation2.
func IsEvaluation(split string) bool {
	return strings.TrimRight(split, "0123456789") == evaluation
}

// ARCFilter leaves out tasks that have a pair in common with others, up to
// rotation, reflection and colours.
type ARCFilter struct{ seen map[uint64]bool }

// NewARCFilter returns a filter that knows nothing.
func NewARCFilter() *ARCFilter { return &ARCFilter{map[uint64]bool{}} }

// Ban leaves out every task that shares a pair with t.
func (f *ARCFilter) Ban(t *puzzle.ARCTask) {
	for _, h := range pairHashes(t) {
		f.seen[h] = true
	}
}

// Keep reports whether a task shares no pair with one that is banned.
func (f *ARCFilter) Keep(t *puzzle.ARCTask) bool {
	for _, h := range pairHashes(t) {
		if f.seen[h] {
			return false
		}
	}
	return true
}

// pairHashes returns for each pair the smallest hash of its eight turned and
// reflected forms, with colours numbered as they first occur.
func pairHashes(t *puzzle.ARCTask) (out []uint64) {
	for _, pairs := range [][]puzzle.ARCPair{t.Train, t.Test} {
		for _, p := range pairs {
			best := ^uint64(0)
			for d := range uint8(8) {
				a := puzzle.Augmentation{Dihedral: d}
				a.Colors = firstSeen(&a, p)
				best = min(best, mix(hashGrid(p.Input, &a)*3+hashGrid(p.Output, &a)))
			}
			out = append(out, best)
		}
	}
	return out
}

// firstSeen numbers the colours of a turned pair as they first occur; black
// stays.
func firstSeen(a *puzzle.Augmentation, p puzzle.ARCPair) (colors [10]uint8) {
	plain := puzzle.NoAugmentation
	plain.Dihedral = a.Dihedral
	next := uint8(1)
	for _, g := range []puzzle.ARCGrid{p.Input, p.Output} {
		rows, cols := plain.Size(g.Rows, g.Cols)
		for r := range rows {
			for c := range cols {
				if v := plain.At(g, r, c); v != 0 && colors[v] == 0 {
					colors[v] = next
					next++
				}
			}
		}
	}
	return colors
}
