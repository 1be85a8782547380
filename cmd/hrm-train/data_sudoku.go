package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
	"github.com/hrmgo/hrm/train/data"
)

// generatedSource is the source column of puzzles made here.
const generatedSource = "generated"

// sudokuFlags are the flags of hrm-train data sudoku.
type sudokuFlags struct {
	dataFlags
	rating int
	clues  string
	from   []string
	side   int
	order  int
}

func newDataSudoku() *cobra.Command {
	var f sudokuFlags
	cmd := &cobra.Command{
		Use:   "sudoku",
		Short: "Import or generate sudokus",
		Long: `Imports sudokus from CSV or text files, plain or gzip: solves those without an
answer, rates those without a rating, refuses those with several solutions. Or
generates them: hard ones of at least --rating, or ordinary ones with a number of
--clues. Of equivalent sudokus (up to transposition, and permutations of digits,
bands, stacks, rows and columns) the first is kept, and none is kept whose solution
is equivalent to one of a --dedup-against file.

The rating is half the guesses of a backtracking search that proves the solution
to be the only one; on hard sudokus its mean is that of the tdoku solver's, which
rates Sudoku-Extreme. Hard sudokus are found by changing clues of hard ones: --from
gives some to start with, without it the search starts from random ones.

Of other sizes than 9 x 9 (--order 2: 4 x 4 with boxes of 2 x 2, 4: 16 x 16; --size 6:
6 x 6 with boxes of 2 x 3) sudokus are generated with a number of --clues, or with none
to spare as far as a search of bounded length can tell. Digits are written 1 to 9 and
then A, B, ...; left out are those that are there already under other names of their
digits. The rating is half the guesses of a simpler search. A model of candidates
trains on a file for each size at once, and solves all.`,
		Example: `  hrm-train data sudoku --generate 20000 --rating 20 --dedup-against valid.csv.gz --out hard.csv.gz
  hrm-train data sudoku --generate 1000 --clues 28-36 --out ordinary.csv.gz
  hrm-train data sudoku --order 4 --generate 200 --clues 110-150 --out sixteen.csv.gz
  hrm-train data sudoku --size 6 --generate 1000 --out six.csv.gz
  hrm-train data sudoku --in downloaded.txt --out clean.csv.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd)
	cmd.Flags().IntVar(&f.rating, "rating", 20, "lowest rating of generated sudokus")
	cmd.Flags().StringVar(&f.clues, "clues", "", "generate ordinary sudokus with this many clues, as in 30 or 28-36")
	cmd.Flags().IntVar(&f.order, "order", 3, "rows and columns of a box: 2 for 4 x 4, 3 for 9 x 9, 4 for 16 x 16")
	cmd.Flags().IntVar(&f.side, "size", 9, "rows and columns of the grid, 4 to 25 with boxes, such as 6 for 6 x 6")
	cmd.MarkFlagsMutuallyExclusive("order", "size")
	cmd.Flags().StringArrayVar(&f.from, "from", nil, "file of hard sudokus to start generation from (repeatable)")
	return cmd
}

func (f *sudokuFlags) run(cmd *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	if cmd.Flags().Changed("order") {
		f.side = f.order * f.order
	}
	if f.side != 9 {
		return f.boards(cmd)
	}
	low, high, err := parseClues(f.clues, 24, 80)
	if err != nil {
		return err
	}
	var filter *data.Filter
	return f.fill(cmd, puzzle.Sudoku{}, func(ctx context.Context, t *table) (err error) {
		filter, err = f.filter(ctx, t)
		return err
	}, func(p *puzzle.Puzzle) (bool, error) {
		return keepSudoku(p, filter)
	}, func(ctx context.Context, t *table, report *reporter) error {
		if f.clues != "" {
			return f.ordinary(ctx, t, filter, report, low, high)
		}
		return f.hard(ctx, t, filter, report)
	})
}

// fill makes the table of the flags: start learns what is there, keep judges what is
// imported, and then generate adds what is generated. With data.ErrFew the table keeps what
// was made.
func (f *sudokuFlags) fill(cmd *cobra.Command, task puzzle.Task, start func(context.Context, *table) error,
	keep func(*puzzle.Puzzle) (bool, error), generate func(context.Context, *table, *reporter) error,
) error {
	ctx := cmd.Context()
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	t, err := openTable(ctx, target, task, f.resume)
	if err != nil {
		return err
	}
	if err := start(ctx, t); err != nil {
		return err
	}
	left, err := f.importAll(ctx, t, cmd.ErrOrStderr(), keep)
	var few error
	if err == nil && f.generate > 0 {
		report := newReporter(cmd.ErrOrStderr())
		report.count(len(t.rows), f.generate, "sudokus")
		err = generate(ctx, t, report)
		report.done()
		if errors.Is(err, data.ErrFew) && len(t.rows) > 0 {
			few, err = err, nil
		}
	}
	return errors.Join(t.finish(left, err), few)
}

// parseClues reads "30" or "28-36", from least to most; "" is no limits.
func parseClues(text string, least, most int) (low, high int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	a, b, found := strings.Cut(text, "-")
	if !found {
		b = a
	}
	low, errLow := strconv.Atoi(a)
	high, errHigh := strconv.Atoi(b)
	if errors.Join(errLow, errHigh) != nil || low < least || high < low || high > most {
		return 0, 0, fmt.Errorf("--clues %s: want a number or a range such as %d-%d, between %d and %d", text, least+4, least+12, least, most)
	}
	return low, high, nil
}

// filter knows the rows that are there and what is left out.
func (f *sudokuFlags) filter(ctx context.Context, t *table) (*data.Filter, error) {
	filter := data.NewFilter()
	for _, path := range f.against {
		set, err := data.Load(ctx, path, puzzle.Sudoku{})
		if err != nil {
			return nil, err
		}
		filter.Ban(set)
	}
	for _, p := range t.rows {
		q, a := sudoku.Of(p.Question), sudoku.Of(p.Answer)
		filter.Keep(&q, &a)
	}
	return filter, nil
}

// keepSudoku solves and rates a sudoku where the file does not, and reports
// whether it is new.
func keepSudoku(p *puzzle.Puzzle, filter *data.Filter) (bool, error) {
	q := sudoku.Of(p.Question)
	if s := sudoku.Solve(&q, 2); s.Count == 0 {
		return false, fmt.Errorf("%w: no solution", puzzle.ErrFormat)
	} else if s.Count > 1 {
		return false, fmt.Errorf("%w: several solutions", puzzle.ErrFormat)
	} else if p.Answer == nil {
		p.Answer = s.Grid.Tokens()
	}
	if p.Rating < 0 {
		p.Rating = sudoku.Rate(&q)
	}
	a := sudoku.Of(p.Answer)
	return filter.Keep(&q, &a), nil
}

// ordinary makes sudokus with low to high clues.
func (f *sudokuFlags) ordinary(ctx context.Context, t *table, filter *data.Filter, report *reporter, low, high int) error {
	for n := uint64(len(t.rows)); len(t.rows) < f.generate; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(f.seed, n))
		s := data.Ordinary(low+rng.IntN(high-low+1), rng)
		if !filter.Keep(&s.Question, &s.Answer) {
			continue
		}
		if err := t.add(s.Puzzle(generatedSource)); err != nil {
			return err
		}
		report.count(len(t.rows), f.generate, "sudokus")
	}
	return nil
}

// hardRound is how many hard sudokus are made before they join those from
// which the next are made.
const hardRound = 100

// hard makes sudokus of the lowest rating or more.
func (f *sudokuFlags) hard(ctx context.Context, t *table, filter *data.Filter, report *reporter) error {
	seeds, err := f.seeds(ctx)
	if err != nil {
		return err
	}
	for _, p := range t.rows {
		seeds = append(seeds, toSudoku(p))
	}
	for len(t.rows) < f.generate {
		made, err := data.GenerateHard(ctx, data.HardOptions{
			Seed: f.seed + uint64(len(t.rows)), Count: min(hardRound, f.generate-len(t.rows)), MinRating: f.rating,
			Seeds: seeds, Filter: filter, Threads: f.threads,
			Progress: func(done int) { report.count(len(t.rows)+done, f.generate, "sudokus") },
		})
		if err != nil {
			return err
		}
		for _, s := range made {
			if err := t.add(s.Puzzle(generatedSource)); err != nil {
				return err
			}
		}
		seeds = append(seeds, made...)
	}
	return nil
}

func (f *sudokuFlags) seeds(ctx context.Context) ([]data.Sudoku, error) {
	var seeds []data.Sudoku
	for _, path := range f.from {
		err := readPuzzles(ctx, path, puzzle.Sudoku{}, func(p puzzle.Puzzle) error {
			seeds = append(seeds, toSudoku(p))
			return nil
		}, nil)
		if err != nil {
			return nil, err
		}
	}
	return seeds, nil
}

func toSudoku(p puzzle.Puzzle) data.Sudoku {
	return data.Sudoku{Question: sudoku.Of(p.Question), Answer: sudoku.Of(p.Answer), Rating: p.Rating}
}
