package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// mazes are those of the published models.
var mazes = puzzle.Maze{Rows: 30, Cols: 30}

func newDataMaze() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use:   "maze",
		Short: "Import or generate mazes",
		Long: `Imports mazes of 30 by 30 from CSV files or the references' folders, or generates
them as those of maze-30x30-hard: walls with a probability between 0.3 and 0.5, start
and goal anywhere, kept when the shortest path has 109 steps or more. A shortest path
is seldom the only one; the answer steps to the first of down, left, right and up that
is nearer to the goal. Of mazes that are turned or reflected forms of one another, or
of one in a --dedup-against file, the first is kept.`,
		Example:     "  hrm-train data maze --generate 1000 --dedup-against valid.csv.gz --out mazes.csv.gz",
		Args:        cobra.NoArgs,
		Annotations: map[string]string{command.Unhurried: "it saves"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return f.mazes(cmd) },
	}
	f.register(cmd)
	return cmd
}

func (f *dataFlags) mazes(cmd *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx := cmd.Context()
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	t, err := openTable(ctx, target, mazes, f.resume)
	if err != nil {
		return err
	}
	filter := data.NewMazeFilter(mazes)
	for _, path := range f.against {
		set, err := data.Load(ctx, path, mazes)
		if err != nil {
			return err
		}
		filter.Ban(set)
	}
	for _, p := range t.rows {
		filter.Keep(p.Question)
	}
	left, err := f.importAll(ctx, t, func(p *puzzle.Puzzle) (bool, error) { return keepMaze(p, filter) })
	if err == nil && f.generate > 0 {
		report := newReporter(cmd.ErrOrStderr(), int64(f.generate))
		err = f.makeMazes(ctx, t, filter, report)
		report.done()
	}
	return t.finish(left, err)
}

// keepMaze solves a maze where the file does not, and reports whether it is
// new.
func keepMaze(p *puzzle.Puzzle, filter *data.MazeFilter) (bool, error) {
	answer, steps, err := mazes.Solve(p.Question)
	if err != nil {
		return false, err
	}
	if p.Answer == nil {
		p.Answer = answer
	}
	if p.Rating < 0 {
		p.Rating = steps
	}
	return filter.Keep(p.Question), nil
}

// mazeRound is how many mazes are made before the file may be saved.
const mazeRound = 10

func (f *dataFlags) makeMazes(ctx context.Context, t *table, filter *data.MazeFilter, report *reporter) error {
	for len(t.rows) < f.generate {
		made, err := data.GenerateMazes(ctx, data.MazeOptions{
			Seed: f.seed + uint64(len(t.rows)), Count: min(mazeRound, f.generate-len(t.rows)), Filter: filter, Threads: f.threads,
			Progress: func(done int) { report.count(int64(len(t.rows)+done), "mazes") },
		})
		if err != nil {
			return err
		}
		for _, p := range made {
			if err := t.add(p); err != nil {
				return fmt.Errorf("%s: %w", f.out, err)
			}
		}
	}
	return nil
}
