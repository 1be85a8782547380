package data

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Part is a set and its share of the draws.
type Part struct {
	Set    *Set
	Weight float64 // above 0; only the ratios count
	Plain  bool    // no augmentation
	// Hints, for tasks with blank cells, makes half of the draws easier: up to so
	// many blank cells, at random, already hold their answer. A solution that was
	// unique stays so.
	Hints int
}

// Cursor is how often each part has been drawn from: all that a sampler needs
// to go on where it stopped.
type Cursor []uint64

// Sampler draws training examples without end. Each part is gone through in
// epochs, every epoch in a new order that seed decides; parts take turns so
// that their shares never differ by more than one draw from their weights.
// One goroutine uses it at a time.
type Sampler struct {
	parts  []Part
	weight []float64 // sums to 1
	seed   uint64
	cursor Cursor
	order  [][]int32 // of the groups of each part, in the current epoch
	pcg    *rand.PCG
	rng    *rand.Rand
}

// NewSampler returns a sampler at the start of the first epoch of every part.
func NewSampler(seed uint64, parts ...Part) (*Sampler, error) {
	s := &Sampler{parts: parts, seed: seed, pcg: rand.NewPCG(0, 0)}
	s.rng = rand.New(s.pcg)
	sum := 0.0
	for i, p := range parts {
		first := parts[0].Set
		switch {
		case p.Set == nil || p.Set.Groups() == 0:
			return nil, fmt.Errorf("%w: part %d has no examples", ErrData, i)
		case !(p.Weight > 0) || p.Weight > 1e9:
			return nil, fmt.Errorf("%w: part %d has weight %v, want above 0", ErrData, i, p.Weight)
		case (p.Set.SeqLen != first.SeqLen || p.Set.Vocab != first.Vocab) && !sizesOf(p.Set.Task, first.Task):
			return nil, fmt.Errorf("%w: part %d has %d tokens below %d, part 0 has %d below %d", ErrData, i,
				p.Set.SeqLen, p.Set.Vocab, first.SeqLen, first.Vocab)
		}
		sum += p.Weight
		s.order = append(s.order, make([]int32, p.Set.Groups()))
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%w: no parts", ErrData)
	}
	for _, p := range parts {
		s.weight = append(s.weight, p.Weight/sum)
	}
	return s, s.Seek(make(Cursor, len(parts)))
}

// sizesOf reports two tasks that are one in different sizes.
func sizesOf(a, b puzzle.Task) bool {
	_, sizes := a.(puzzle.Sizer)
	return sizes && b != nil && a.Name() == b.Name()
}

// Cursor returns the place of the next draw.
func (s *Sampler) Cursor() Cursor { return slices.Clone(s.cursor) }

// Seek goes to a place that Cursor returned.
func (s *Sampler) Seek(c Cursor) error {
	if len(c) != len(s.parts) {
		return fmt.Errorf("%w: a cursor of %d parts, want %d", ErrData, len(c), len(s.parts))
	}
	s.cursor = slices.Clone(c)
	for i := range s.parts {
		s.shuffle(i)
	}
	return nil
}

// Draws returns the number of examples drawn so far.
func (s *Sampler) Draws() uint64 {
	var n uint64
	for _, c := range s.cursor {
		n += c
	}
	return n
}

// Epoch returns how often, on average, every group has been drawn.
func (s *Sampler) Epoch() float64 {
	groups := 0
	for _, p := range s.parts {
		groups += p.Set.Groups()
	}
	return float64(s.Draws()) / float64(groups)
}

// Next writes the next example into the front of input and label [S], S being that of the
// largest, and returns its puzzle id and the set that it is of. Nothing is allocated.
func (s *Sampler) Next(input, label []int32) (id int32, of *Set) {
	n := s.Draws()
	i := s.turn(n)
	p, order := &s.parts[i], s.order[i]
	at := s.cursor[i] % uint64(len(order))
	if at == 0 {
		s.shuffle(i)
	}
	s.cursor[i]++
	s.pcg.Seed(s.seed, mix(n+1))
	input, label = input[:p.Set.SeqLen], label[:p.Set.SeqLen]
	id = p.Set.Draw(s.rng, int(order[at]), p.Plain, input, label)
	if blank := puzzle.BlankToken(p.Set.Task); blank > 0 && p.Hints > 0 && s.rng.IntN(2) == 0 {
		reveal(s.rng, 1+s.rng.IntN(p.Hints), blank, input, label)
	}
	return id, p.Set
}

// reveal answers n random blank cells, all where there are fewer.
// Selection sampling: a blank is taken with probability (still wanted) /
// (blanks left).
func reveal(rng *rand.Rand, n int, blank int32, input, label []int32) {
	blanks := 0
	for _, t := range input {
		if t == blank {
			blanks++
		}
	}
	for i, t := range input {
		if t != blank {
			continue
		}
		if rng.IntN(blanks) < n {
			input[i] = label[i]
			n--
		}
		blanks--
	}
}

// turn returns the part that lags most behind its share of n+1 draws.
func (s *Sampler) turn(n uint64) int {
	best, lag := 0, 0.0
	for i, w := range s.weight {
		if l := w*float64(n+1) - float64(s.cursor[i]); l > lag {
			best, lag = i, l
		}
	}
	return best
}

// shuffle puts the groups of part i in the order of its current epoch.
func (s *Sampler) shuffle(i int) {
	order := s.order[i]
	for k := range order {
		order[k] = int32(k)
	}
	epoch := s.cursor[i] / uint64(len(order))
	s.pcg.Seed(s.seed^mix(uint64(i)+1), mix(epoch)+1)
	for k := len(order) - 1; k > 0; k-- {
		j := s.rng.IntN(k + 1)
		order[k], order[j] = order[j], order[k]
	}
}

// mix is the finalizer of splitmix64: near seeds become far ones.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
