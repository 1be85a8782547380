// Package data is what training knows about examples: sets of them, the order
// in which they are drawn, augmentation on the fly, generated puzzles, and
// the removal of everything that is too close to a test set.
//
// All of it is deterministic: a seed and a cursor decide every draw, whatever
// the number of processors.
package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Ignore is the label of a position that is not scored.
const Ignore = -100

// ErrData is wrapped by every error about a data set that cannot be used.
var ErrData = errors.New("invalid data set")

// Set is a list of examples, question and answer of S tokens each, one byte a
// token. It is read-only after it has been filled and may be shared.
type Set struct {
	Task       puzzle.Task // nil when unknown
	SeqLen     int         // S
	Vocab      int
	NumPuzzles int // rows of the puzzle table that the ids need

	inputs  []uint8 // [N, S]
	labels  []uint8 // [N, S], 0 where not scored
	ids     []int32 // [N], nil: all 0
	ratings []int32 // [N], -1 unknown
	source  []uint16
	sources []string
	groups  []int32 // [G+1] first example of each group, nil: every example is one

	arc *arcSet // what augmentARC needs, nil but for NewARC's
}

// NewSet returns an empty set for puzzles of a task, augmented when that
// task is a puzzle.Augmenter. The size of the first puzzle is
// that of all.
func NewSet(t puzzle.Task) *Set {
	return &Set{Task: t, SeqLen: t.SeqLen(), Vocab: t.Vocab(), NumPuzzles: 1}
}

// resize takes the size of the first puzzle.
func (s *Set) resize(p *puzzle.Puzzle) error {
	if s.Task == nil || p.Rows == 0 && p.Cols == 0 {
		return nil
	}
	rows, cols := s.Task.Size()
	if rows == p.Rows && cols == p.Cols {
		return nil
	}
	if s.Len() > 0 {
		return fmt.Errorf("%w: %s: a grid of %d x %d, the others have %d x %d: want a file for each size", ErrData, p.Where, p.Rows, p.Cols, rows, cols)
	}
	t, err := puzzle.Sized(s.Task, p.Rows, p.Cols)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrData, p.Where, err)
	}
	s.Task, s.SeqLen = t, t.SeqLen()
	if _, ok := t.(puzzle.Sudokus); ok { // a token for each digit
		s.Vocab = max(s.Vocab, t.Vocab())
	}
	return nil
}

// Add appends a puzzle, whose answer must be known or follow from the rules. Of a
// puzzle.Teacher it keeps the labels that it teaches.
func (s *Set) Add(p puzzle.Puzzle) error {
	if err := s.resize(&p); err != nil {
		return err
	}
	if s.Task != nil && len(p.Question) == s.SeqLen {
		labels, err := puzzle.Labels(s.Task, p.Question, p.Answer)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrData, p.Where, err)
		}
		p.Answer = labels
	}
	if len(p.Question) != s.SeqLen || len(p.Answer) != s.SeqLen {
		return fmt.Errorf("%w: %s: question of %d and answer of %d tokens, want %d", ErrData, p.Where,
			len(p.Question), len(p.Answer), s.SeqLen)
	}
	source, err := s.sourceIndex(p.Source)
	if err != nil {
		return err
	}
	for i := range s.SeqLen {
		if q, a := p.Question[i], p.Answer[i]; q < 0 || a < 0 || int(q) >= s.Vocab || int(a) >= s.Vocab {
			return fmt.Errorf("%w: %s: tokens %d and %d at position %d, want below %d", ErrData, p.Where, q, a, i, s.Vocab)
		}
	}
	for i := range s.SeqLen {
		s.inputs = append(s.inputs, uint8(p.Question[i]))
		s.labels = append(s.labels, uint8(p.Answer[i]))
	}
	s.ratings = append(s.ratings, int32(p.Rating))
	s.source = append(s.source, source)
	return nil
}

func (s *Set) sourceIndex(name string) (uint16, error) {
	for i, have := range s.sources {
		if have == name {
			return uint16(i), nil
		}
	}
	if len(s.sources) > 1<<12 {
		return 0, fmt.Errorf("%w: more than %d sources", ErrData, 1<<12)
	}
	s.sources = append(s.sources, name)
	return uint16(len(s.sources) - 1), nil
}

// Len returns N, the number of examples.
func (s *Set) Len() int { return len(s.inputs) / max(s.SeqLen, 1) }

// Groups returns the number of groups, of which an epoch draws one example
// each. Without groups of its own every example of a set is one.
func (s *Set) Groups() int {
	if s.groups == nil {
		return s.Len()
	}
	return len(s.groups) - 1
}

// Input returns the tokens of example i, not to be changed.
func (s *Set) Input(i int) []uint8 { return s.inputs[i*s.SeqLen : (i+1)*s.SeqLen] }

// Label returns the answer of example i, 0 where not scored, not to be
// changed.
func (s *Set) Label(i int) []uint8 { return s.labels[i*s.SeqLen : (i+1)*s.SeqLen] }

// ID returns the puzzle id of example i.
func (s *Set) ID(i int) int32 {
	if s.ids == nil {
		return 0
	}
	return s.ids[i]
}

// Rating returns the difficulty of example i, -1 when unknown.
func (s *Set) Rating(i int) int {
	if s.ratings == nil {
		return -1
	}
	return int(s.ratings[i])
}

// Source returns where example i comes from, "" when unknown.
func (s *Set) Source(i int) string {
	if s.source == nil {
		return ""
	}
	return s.sources[s.source[i]]
}

// Example writes example i as it stands into input and label [S], with Ignore
// where nothing is scored, and returns its puzzle id.
func (s *Set) Example(i int, input, label []int32) int32 {
	for k, t := range s.Input(i) {
		input[k] = int32(t)
	}
	for k, t := range s.Label(i) {
		label[k] = labelOf(t)
	}
	return s.ID(i)
}

func labelOf(t uint8) int32 {
	if t == 0 {
		return Ignore
	}
	return int32(t)
}

// Draw writes a random example of a group, augmented unless plain, and
// returns its puzzle id. Nothing is allocated.
func (s *Set) Draw(rng *rand.Rand, group int, plain bool, input, label []int32) int32 {
	i := group
	if s.groups != nil {
		first, end := s.groups[group], s.groups[group+1]
		i = int(first) + rng.IntN(int(end-first))
	}
	if !plain && s.arc != nil {
		return augmentARC(s, rng, i, input, label)
	}
	id := s.Example(i, input, label)
	if a, ok := s.Task.(puzzle.Augmenter); ok && !plain {
		a.Augment(rng, input, label)
	}
	return id
}

// Hash returns the SHA-256 of everything that training sees of the set, in
// hexadecimal. It names the data in a model's header.
func (s *Set) Hash() string {
	h := sha256.New()
	name := ""
	if s.Task != nil {
		name = s.Task.Name()
	}
	fmt.Fprintf(h, "%s %d %d %d %d\n", name, s.SeqLen, s.Vocab, s.NumPuzzles, s.Len())
	h.Write(s.inputs)
	h.Write(s.labels)
	_ = binary.Write(h, binary.LittleEndian, s.ids)
	_ = binary.Write(h, binary.LittleEndian, s.groups)
	return hex.EncodeToString(h.Sum(nil))
}
