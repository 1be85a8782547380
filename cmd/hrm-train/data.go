package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

func newData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Import, generate and clean training data",
	}
	cmd.AddCommand(newDataSudoku(), newDataMaze(), newDataARC(), newDataGrid())
	return cmd
}

// dataFlags are the flags that all kinds of data share.
type dataFlags struct {
	in       []string
	out      string
	generate int
	limit    int
	seed     uint64
	threads  int
	resume   bool
	against  []string
}

func (f *dataFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.in, "in", nil, "file, or folder as the references write it, to import (repeatable)")
	flags.StringVarP(&f.out, "out", "o", "", "file to write, .csv or .csv.gz, - for standard output (required)")
	flags.IntVar(&f.generate, "generate", 0, "puzzles to make")
	flags.IntVar(&f.limit, "limit", 0, "puzzles to import at most, 0 for all")
	flags.Uint64Var(&f.seed, "seed", 0, "decides what is made")
	flags.IntVar(&f.threads, "threads", 0, "processor cores, 0 for all")
	flags.BoolVar(&f.resume, "resume", false, "go on with the file in --out")
	flags.StringArrayVar(&f.against, "dedup-against", nil, "leave out what is in this file, such as a test set (repeatable)")
	_ = cmd.MarkFlagRequired("out")
}

func (f *dataFlags) check() error {
	switch {
	case f.generate < 0 || f.limit < 0:
		return errors.New("--generate and --limit must not be negative")
	case f.generate == 0 && len(f.in) == 0:
		return errors.New("nothing to do: give --in or --generate")
	}
	return nil
}

// errLimit ends an import that has enough.
var errLimit = errors.New("limit reached")

// maxReported is how many bad puzzles are reported one by one.
const maxReported = 5

// importAll calls keep for each puzzle of the files, until --limit are kept. A
// bad one is reported to errOut, and the others are imported.
func (f *dataFlags) importAll(ctx context.Context, t *table, errOut io.Writer, keep func(p *puzzle.Puzzle) (bool, error)) (left int, err error) {
	imported := 0
	for _, path := range f.in {
		err := readPuzzles(ctx, path, t.task, func(p puzzle.Puzzle) error {
			ok, err := keep(&p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.Where, err)
			}
			if !ok {
				left++
				return nil
			}
			if imported++; f.limit > 0 && imported > f.limit {
				return errLimit
			}
			return t.add(p)
		}, func(bad error) {
			if t.bad++; t.bad <= maxReported {
				fmt.Fprintln(errOut, "hrm-train:", bad)
			}
		})
		if err != nil && !errors.Is(err, errLimit) {
			return left, err
		}
	}
	return left, nil
}

// finish saves the table and says what is in it. Work that was stopped keeps
// what it has.
func (t *table) finish(left int, err error) error {
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if len(t.rows) == 0 && t.bad > 0 {
		return fmt.Errorf("none of %d puzzles could be used, and %s was not written", t.bad, t.target)
	}
	if saveErr := t.save(); saveErr != nil {
		return saveErr
	}
	if err := t.target.Deliver(); err != nil {
		return err
	}
	_, told := fmt.Fprintf(t.target.Out(), "%s: %d puzzles, %d left out\n", t.target, len(t.rows), left)
	switch {
	case err != nil:
		return fmt.Errorf("%s is whole, --resume goes on: %w", t.target, err)
	case t.bad > 0 && told == nil:
		return fmt.Errorf("%d puzzles could not be used; %s has the others", t.bad, t.target)
	}
	return told
}
