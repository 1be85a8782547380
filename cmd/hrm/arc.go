package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// arcFlags are the flags of ARC models.
type arcFlags struct {
	identifiers string
	votes       int
}

func (f *arcFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.identifiers, "identifiers", "", "ARC: `FILE` identifiers.json of the data set that the model was trained on, where the model does not name its tasks")
	cmd.Flags().IntVar(&f.votes, "votes", arc.Votes, "ARC: forms of each test input to ask about at most; two answers are given")
}

// know gives the solver of an ARC model the names of its tasks, and returns how many
// votes are counted.
func (f *arcFlags) know(l *loaded) (votes int, err error) {
	if _, ok := l.task.(puzzle.ARC); !ok {
		return 0, nil
	}
	if f.votes < 1 {
		return 0, fmt.Errorf("--votes is %d, want 1 or more", f.votes)
	}
	names, err := f.names(l.model)
	if err == nil {
		l.solver.Know(names)
	}
	return f.votes, err
}

// names returns those of the puzzle table's rows, from the file that the user gave or
// from the model; nil when neither says.
func (f *arcFlags) names(m *runtime.Model) (*puzzle.Identifiers, error) {
	if f.identifiers == "" {
		names, err := m.Puzzles()
		if err != nil || names == nil {
			return nil, err
		}
		return puzzle.NewIdentifiers(names), nil
	}
	return readNames(f.identifiers, m.Config.NumPuzzles)
}

// readNames reads a list of the names of so many rows of a puzzle table.
func readNames(path string, rows int) (*puzzle.Identifiers, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	ids, err := puzzle.ReadIdentifiers(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(ids.Names) > rows {
		return nil, fmt.Errorf("%s has %d names and the model %d rows: they do not belong together", path, len(ids.Names), rows)
	}
	return ids, nil
}
