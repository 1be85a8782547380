package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/data"
)

// mazeFlags are the flags of hrm-train data maze.
type mazeFlags struct {
	dataFlags
	size  string
	steps int
	far   bool

	task puzzle.Maze
}

func newDataMaze() *cobra.Command {
	var f mazeFlags
	cmd := &cobra.Command{
		Use:   "maze",
		Short: "Import or generate mazes",
		Long: `Imports mazes from CSV files or the references' folders, or generates them as those
of maze-30x30-hard: walls with a probability between 0.3 and 0.5, start and goal
anywhere, kept when the shortest path has 109 steps or more (other sizes: 109 times
the cells / 900 to the power of 3/4, or --min-steps). Long paths are rare in random
mazes, and do not occur in large ones: with --far walls are put in the way until the
farthest cells are far enough. All mazes of a file have one --size.

A shortest path is seldom the only one; the answer steps to the first of down, left,
right and up that is nearer to the goal. Of mazes that are turned or reflected forms
of one another, or of one in a --dedup-against file, the first is kept.`,
		Example: `  hrm-train data maze --generate 1000 --dedup-against valid.csv.gz --out mazes.csv.gz
  hrm-train data maze --generate 200 --size 20x50 --far --out wide.csv.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.mazes(cmd) },
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.size, "size", "30x30", "rows x columns, 2x2 to 255x255")
	cmd.Flags().IntVar(&f.steps, "min-steps", 0, "steps of the shortest path at least, 0 for those of the size")
	cmd.Flags().BoolVar(&f.far, "far", false, "generate: put walls in the way where a maze is too easy")
	return cmd
}

// check reads --size too.
func (f *mazeFlags) check() error {
	size, err := config.ParseSize(f.size)
	if err != nil {
		return fmt.Errorf("--size: %w", err)
	}
	task, err := puzzle.Sized(puzzle.Maze{}, size.Rows, size.Cols)
	if err != nil {
		return fmt.Errorf("--size: %w", err)
	}
	f.task = task.(puzzle.Maze)
	if f.steps < 0 {
		return fmt.Errorf("--min-steps is %d, want 1 or more, or 0 for those of the size", f.steps)
	}
	return f.dataFlags.check()
}

func (f *mazeFlags) mazes(cmd *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx := cmd.Context()
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	t, err := openTable(ctx, target, f.task, f.resume)
	if err != nil {
		return err
	}
	filter := data.NewMazeFilter(f.task)
	for _, path := range f.against {
		set, err := data.Load(ctx, path, f.task)
		if err != nil {
			return err
		}
		filter.Ban(set)
	}
	for _, p := range t.rows {
		filter.Keep(p.Question)
	}
	left, err := f.importAll(ctx, t, cmd.ErrOrStderr(), func(p *puzzle.Puzzle) (bool, error) { return f.keep(p, filter) })
	if err == nil && f.generate > 0 {
		report := newReporter(cmd.ErrOrStderr())
		report.count(len(t.rows), f.generate, "mazes")
		err = f.makeMazes(ctx, t, filter, report)
		report.done()
	}
	return t.finish(left, err)
}

// keep solves a maze where the file does not, and reports whether it is new.
func (f *mazeFlags) keep(p *puzzle.Puzzle, filter *data.MazeFilter) (bool, error) {
	if t := p.Of(f.task); t != puzzle.Task(f.task) {
		return false, fmt.Errorf("a maze of %d x %d, want %s: give --size, and a file for each", p.Rows, p.Cols, f.size)
	}
	answer, steps, err := f.task.Solve(p.Question)
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

func (f *mazeFlags) makeMazes(ctx context.Context, t *table, filter *data.MazeFilter, report *reporter) error {
	for len(t.rows) < f.generate {
		made, err := data.GenerateMazes(ctx, data.MazeOptions{
			Seed: f.seed + uint64(len(t.rows)), Count: min(mazeRound, f.generate-len(t.rows)), Filter: filter, Threads: f.threads,
			Rows: f.task.Rows, Cols: f.task.Cols, MinSteps: f.steps, Far: f.far,
			Progress: func(done int) { report.count(len(t.rows)+done, f.generate, "mazes") },
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
