package data

import (
	"context"
	"fmt"
	"math/rand/v2"
	goruntime "runtime"
	"sync"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// Grid is a sudoku: digits 1 to 9 row by row, 0 for a blank.
type Grid = sudoku.Grid

// Sudoku is a generated sudoku.
type Sudoku struct {
	Question, Answer Grid
	Rating           int // see Rate
}

// Puzzle returns the sudoku in tokens.
func (s *Sudoku) Puzzle(source string) puzzle.Puzzle {
	return puzzle.Puzzle{Question: s.Question.Tokens(), Answer: s.Answer.Tokens(), Rating: s.Rating, Source: source}
}

// randomGrid returns a full grid.
func randomGrid(rng *rand.Rand) Grid {
	var start Grid
	for i, d := range rng.Perm(9) {
		start[i] = uint8(d + 1)
	}
	full := sudoku.Search{Limit: 1, Rand: rng}.Run(&start).Grid
	return permute(&full, rng)
}

// permute applies a random symmetry.
func permute(g *Grid, rng *rand.Rand) (out Grid) {
	sym := puzzle.RandomSymmetry(rng)
	for i, from := range sym.From {
		if d := g[from]; d != 0 {
			out[i] = sym.Token[d+1] - 1
		}
	}
	return out
}

// reduce removes clues in random order while the solution stays the only one,
// until so many are left.
func reduce(g *Grid, least int, rng *rand.Rand) {
	clues := g.Clues()
	for _, i := range rng.Perm(81) {
		if clues <= least {
			return
		}
		if g[i] == 0 {
			continue
		}
		d := g[i]
		g[i] = 0
		if sudoku.Unique(g) {
			clues--
		} else {
			g[i] = d
		}
	}
}

// Ordinary returns a sudoku with one solution and the given number of clues,
// 24 or more, as newspapers print them.
func Ordinary(clues int, rng *rand.Rand) Sudoku {
	for {
		answer := randomGrid(rng)
		q := answer
		if reduce(&q, clues, rng); q.Clues() == clues {
			return Sudoku{q, answer, sudoku.Rate(&q)}
		}
	}
}

// Minimal returns a sudoku with one solution that has no clue to spare.
func Minimal(rng *rand.Rand) Sudoku {
	answer := randomGrid(rng)
	q := answer
	reduce(&q, 0, rng)
	return Sudoku{q, answer, sudoku.Rate(&q)}
}

// Vary returns a sudoku near another: one clue or two dropped, others put in
// until the solution is unique again, and superfluous ones removed. Near a
// hard sudoku hard ones are common; at random they are rare. ok is false when
// the variant would not come near rating floor, which saves most of the work.
func Vary(from *Sudoku, floor int, rng *rand.Rand) (s Sudoku, ok bool) {
	q, target := from.Question, from.Answer
	drop(&q, 1+rng.IntN(4)/3, rng)
	if rng.IntN(2) == 0 {
		target = sudoku.Search{Limit: 1, Rand: rng}.Run(&q).Grid
	}
	for {
		found := sudoku.Search{Limit: 2, Rand: rng}.Run(&q)
		if found.Count == 1 {
			if found.Guesses/2 < floor/4 {
				return s, false
			}
			break
		}
		refill(&q, &target, &found.Grid, rng)
	}
	if q == from.Question {
		return s, false
	}
	reduce(&q, 0, rng)
	return Sudoku{q, target, sudoku.Rate(&q)}, true
}

// drop blanks n clues.
func drop(q *Grid, n int, rng *rand.Rand) {
	for _, i := range rng.Perm(81) {
		if n > 0 && q[i] != 0 {
			q[i] = 0
			n--
		}
	}
}

// refill adds a clue of target, where other differs if it does.
func refill(q, target, other *Grid, rng *rand.Rand) {
	cell := -1
	for _, i := range rng.Perm(81) {
		if q[i] != 0 {
			continue
		}
		if cell = i; target[i] != other[i] {
			break
		}
	}
	q[cell] = target[cell]
}

// HardOptions says which sudokus GenerateHard makes.
type HardOptions struct {
	Seed      uint64
	Count     int
	MinRating int            // see Rate
	Seeds     []Sudoku       // hard ones to start from; none: it finds its own, at about a twentieth of the speed
	Filter    *Filter        // what to leave out; nil: only repetitions
	Threads   int            // 0: all; the result does not depend on it
	Progress  func(done int) // called now and then

	// steps is the number of variants that a chain tries to become hard enough,
	// and again that it tries from there; 0: 1000.
	steps int
}

// GenerateHard makes sudokus of a minimum rating, each with one solution and
// no clue to spare, no two of them equivalent. It runs chains that vary a
// sudoku, uphill to the minimum rating and then anywhere above it.
func GenerateHard(ctx context.Context, o HardOptions) ([]Sudoku, error) {
	if o.Filter == nil {
		o.Filter = NewFilter()
	}
	if o.steps == 0 {
		o.steps = 1000
	}
	if len(o.Seeds) > 0 {
		return o.generate(ctx)
	}
	own := o
	own.Seed, own.Count = mix(o.Seed), min(o.Count, max(8, min(o.Count/20, 512)))
	seeds, err := own.generate(ctx)
	if err != nil || own.Count == o.Count {
		return seeds, err
	}
	o.Seeds, o.Count = seeds, o.Count-len(seeds)
	rest, err := o.generate(ctx)
	return append(seeds, rest...), err
}

func (o *HardOptions) generate(ctx context.Context) ([]Sudoku, error) {
	var out []Sudoku
	err := ordered(ctx, o.Threads, func(job uint64) []Sudoku {
		return o.chain(ctx, rand.New(rand.NewPCG(o.Seed, mix(job))))
	}, func(found []Sudoku) bool {
		for _, s := range found {
			if len(out) < o.Count && o.Filter.Keep(&s.Question, &s.Answer) {
				out = append(out, s)
			}
		}
		if o.Progress != nil {
			o.Progress(len(out))
		}
		return len(out) < o.Count
	})
	if err != nil {
		return nil, fmt.Errorf("generating sudokus: %d of %d done: %w", len(out), o.Count, err)
	}
	return out, nil
}

// chain starts from a seed and returns the sudokus that are hard enough.
func (o *HardOptions) chain(ctx context.Context, rng *rand.Rand) (out []Sudoku) {
	at := o.start(rng)
	for left := o.steps; left > 0 && ctx.Err() == nil; left-- {
		floor := 0
		if at.Rating >= o.MinRating {
			floor = o.MinRating
		}
		next, ok := Vary(&at, floor, rng)
		if !ok || next.Rating < min(at.Rating, o.MinRating) {
			continue
		}
		if at = next; at.Rating < o.MinRating {
			continue
		}
		if out = append(out, at); floor == 0 {
			left = o.steps
		}
	}
	return out
}

func (o *HardOptions) start(rng *rand.Rand) Sudoku {
	if len(o.Seeds) == 0 {
		return Minimal(rng)
	}
	s := o.Seeds[rng.IntN(len(o.Seeds))]
	s.Rating = sudoku.Rate(&s.Question)
	return s
}

// ordered runs jobs 0, 1, 2, ... on several threads and hands their results
// to take in that order, until take returns false.
func ordered[T any](ctx context.Context, threads int, job func(uint64) T, take func(T) bool) error {
	if threads <= 0 {
		threads = goruntime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan chan T, threads)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(results)
		for n := uint64(0); ; n++ {
			r := make(chan T, 1)
			select {
			case results <- r:
			case <-ctx.Done():
				return
			}
			wg.Go(func() { r <- job(n) })
		}
	})
	for {
		select {
		case r, open := <-results:
			if !open {
				return context.Cause(ctx)
			}
			select {
			case v := <-r:
				if !take(v) {
					return nil
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
