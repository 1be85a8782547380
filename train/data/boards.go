package data

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// BoardOptions says which sudokus GenerateBoards makes.
type BoardOptions struct {
	Side      int // 4 to 25, with boxes; see sudoku.Boxes
	Seed      uint64
	Count     int
	Low, High int            // clues; 0, 0: as few as can be, see GenerateBoards
	Filter    *BoardFilter   // what to leave out; nil: only repetitions
	Threads   int            // 0: all; the result does not depend on it
	Source    string         // of the puzzles
	Progress  func(done int) // called now and then
}

// ErrFew is wrapped by the error of GenerateBoards when it finds no more sudokus.
var ErrFew = errors.New("no more are found: ask for fewer, or for more clues")

// maxNeeds bounds the search that finds out whether a clue can be left out: on large
// boards it may take long, and the clue stays then.
const maxNeeds = 200

// maxMisses is how many boards in a row may have too many clues, or be there already.
const maxMisses = 500

// GenerateBoards makes sudokus of any side, each with one solution. Clues are left out in
// random order while the solution stays the only one, down to a number from Low to High,
// or until no search of a bounded length finds one that can be left out. With an error,
// such as ErrFew, it returns those that it made.
func GenerateBoards(ctx context.Context, o BoardOptions) ([]puzzle.Puzzle, error) {
	if o.Filter == nil {
		o.Filter = NewBoardFilter()
	}
	var out []puzzle.Puzzle
	misses := 0
	err := ordered(ctx, o.Threads, func(job uint64) *puzzle.Puzzle {
		return o.make(ctx, rand.New(rand.NewPCG(o.Seed, mix(job))))
	}, func(p *puzzle.Puzzle) bool {
		if misses++; p != nil && o.Filter.Keep(p.Question) {
			out, misses = append(out, *p), 0
		}
		if o.Progress != nil {
			o.Progress(len(out))
		}
		return len(out) < o.Count && misses < maxMisses
	})
	if err == nil && len(out) < o.Count {
		err = ErrFew
	}
	if err != nil {
		return out, fmt.Errorf("generating sudokus of %d x %d: %d of %d done: %w", o.Side, o.Side, len(out), o.Count, err)
	}
	return out, nil
}

// make returns a sudoku, nil where a board has none with few enough clues.
func (o *BoardOptions) make(ctx context.Context, rng *rand.Rand) *puzzle.Puzzle {
	answer := sudoku.RandomBoard(o.Side, rng)
	least := 0
	if o.High > 0 {
		least = o.Low + rng.IntN(o.High-o.Low+1)
	}
	q, clues := answer.Clone(), o.Side*o.Side
	for _, i := range rng.Perm(len(q.Cells)) {
		if clues == least {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		if !q.Needs(i, maxNeeds) {
			q.Cells[i] = 0
			clues--
		}
	}
	if o.High > 0 && clues > o.High {
		return nil
	}
	return &puzzle.Puzzle{Question: q.Tokens(), Answer: answer.Tokens(), Rows: o.Side, Cols: o.Side, Rating: RateBoard(&q), Source: o.Source}
}

// maxRating bounds the search that RateBoard counts.
const maxRating = 1 << 14

// RateBoard is sudoku.Rate for any side: half the guesses of a search by naked and hidden
// singles. The numbers of different sides, and of Rate, cannot be compared.
func RateBoard(b *sudoku.Board) int {
	return sudoku.Search{Limit: 2, Guesses: maxRating}.RunBoard(b).Guesses / 2
}

// BoardFilter leaves out sudokus that are there already, by whatever names their digits
// go. Other symmetries it does not know: of 4 x 4 there are only two without them.
type BoardFilter struct{ seen map[string]bool }

// NewBoardFilter returns a filter that knows nothing.
func NewBoardFilter() *BoardFilter { return &BoardFilter{map[string]bool{}} }

// Keep reports whether a question may stay, and remembers it.
func (f *BoardFilter) Keep(question []int32) bool {
	form := named(question)
	if f.seen[form] {
		return false
	}
	f.seen[form] = true
	return true
}

// named returns a question with its digits named in the order in which they come.
func named(question []int32) string {
	form := make([]byte, len(question))
	var names [sudoku.MaxSide + 2]byte
	next := byte(0)
	for i, t := range question {
		if t < 2 {
			continue
		}
		if names[t] == 0 {
			next++
			names[t] = next
		}
		form[i] = names[t]
	}
	return string(form)
}
