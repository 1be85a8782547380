package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/data"
)

// source is the training data as the trainer draws it: from files, or made.
type source struct {
	examples
	puzzles    int    // examples in all files, 0 when they are made
	numPuzzles int    // rows of the puzzle table
	sha256     string // of everything that training sees

	arc   *data.ARCData // nil unless the files hold ARC tasks for the published canvas
	tasks *arcTasks     // nil unless they are taken at their true size
}

// names returns those of the puzzle table's rows, nil where they have none.
func (s *source) names() []string {
	switch {
	case s.arc != nil:
		return s.arc.Identifiers
	case s.tasks != nil:
		return s.tasks.names
	}
	return nil
}

// examples is an endless stream of them.
type examples interface {
	train.Source
	// cursor returns the place of the next draw as text, for a checkpoint.
	cursor() string
	// seek goes to a place that cursor returned.
	seek(text string) error
}

// openSource reads the training files of a configuration, or makes what it says.
func openSource(ctx context.Context, c *config.Config) (*source, error) {
	task, err := c.PuzzleTask()
	if err != nil {
		return nil, err
	}
	if c.Generate {
		return newGenerator(c, task)
	}
	if a, ok := task.(puzzle.ARC); ok && a.TrueSize() {
		return newARCSource(ctx, c)
	}
	s := &source{}
	parts, err := s.load(ctx, c, task)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	for i := range parts {
		p := &parts[i]
		p.Plain, p.Hints = !c.Augment, hints(c.Hints, p.Set)
		fmt.Fprintf(hash, "%v %s\n", p.Weight, p.Set.Hash())
		s.puzzles += p.Set.Len()
		s.numPuzzles = max(s.numPuzzles, p.Set.NumPuzzles)
	}
	s.sha256 = hex.EncodeToString(hash.Sum(nil))
	sampler, err := data.NewSampler(c.Seed, parts...)
	s.examples = &drawn{sampler, task}
	return s, err
}

func (s *source) load(ctx context.Context, c *config.Config, task puzzle.Task) (parts []data.Part, err error) {
	if isARC(task) && (len(c.ARCTasks) > 0 || !puzzle.IsFolder(c.Data[0].Path)) {
		s.arc, err = loadARC(ctx, c)
		if err != nil {
			return nil, err
		}
		return []data.Part{{Set: s.arc.Train, Weight: 1}}, nil
	}
	for _, d := range c.Data {
		set, err := data.Load(ctx, d.Path, task)
		if err != nil {
			return nil, err
		}
		if c.TrainLimit > 0 {
			if set, err = someOf(set, c.TrainLimit, c.Seed); err != nil {
				return nil, fmt.Errorf("data set %s: %w", d.Path, err)
			}
		}
		if set.SeqLen > task.SeqLen() && set.Task != nil {
			rows, cols := set.Task.Size()
			return nil, fmt.Errorf("data set %s: %w: grids of %d x %d, and the model has room for %d tokens: task_spec={rows: %d, cols: %d} makes more",
				d.Path, config.ErrConfig, rows, cols, task.SeqLen(), rows, cols)
		}
		parts = append(parts, data.Part{Set: set, Weight: d.Weight})
	}
	return parts, nil
}

// hints returns how many blank cells of a set may hold their answer, where n of a 9 x 9
// sudoku may.
func hints(n int, set *data.Set) int {
	if s, ok := set.Task.(puzzle.Sudokus); ok && n > 0 {
		return max(1, n*s.SeqLen()/puzzle.SudokuCells)
	}
	return n
}

// loadARC reads ARC tasks; those of split evaluation become the validation.
func loadARC(ctx context.Context, c *config.Config) (*data.ARCData, error) {
	for _, d := range c.Data {
		if d.Weight != 1 {
			return nil, fmt.Errorf("%w: data %s has weight %v, but on the published canvas all ARC tasks are drawn alike", config.ErrConfig, d.Path, d.Weight)
		}
	}
	sets, err := readARC(ctx, c)
	if err != nil {
		return nil, err
	}
	return data.NewARC(allTasks(sets), data.ARCOptions{Seed: c.Seed, Augmentations: c.ARCForms})
}

// loadSet reads one file of puzzles of a configuration's task.
func loadSet(ctx context.Context, c *config.Config, path string) (*data.Set, error) {
	t, err := c.PuzzleTask()
	if err != nil {
		return nil, err
	}
	return data.Load(ctx, path, t)
}

// someOf returns n examples of a set, chosen by seed; the whole set where it
// is smaller.
func someOf(s *data.Set, n int, seed uint64) (*data.Set, error) {
	if s.Len() <= n {
		return s, nil
	}
	if s.Task == nil {
		return nil, fmt.Errorf("%w: a folder of sizes that are none of ours cannot be cut down", data.ErrData)
	}
	some := data.NewSet(s.Task)
	for _, i := range rand.New(rand.NewPCG(seed, uint64(n))).Perm(s.Len())[:n] {
		p := puzzle.Puzzle{Question: tokens(s.Input(i)), Answer: tokens(s.Label(i)), Source: s.Source(i), Rating: s.Rating(i)}
		if err := some.Add(p); err != nil {
			return nil, err
		}
	}
	return some, nil
}

func tokens(bytes []uint8) []int32 {
	out := make([]int32, len(bytes))
	for i, b := range bytes {
		out[i] = int32(b)
	}
	return out
}

// drawn is examples of files. A file's may be smaller grids than the task's own.
type drawn struct {
	*data.Sampler
	task puzzle.Task
}

// Example implements train.Source. The trainer asks in order.
func (d *drawn) Example(n int64, in *runtime.Input, labels []int32) error {
	if uint64(n) != d.Draws() {
		return fmt.Errorf("%w: example %d asked for after %d draws", data.ErrData, n, d.Draws())
	}
	id, set := d.Next(in.Tokens, labels)
	in.PuzzleID = id
	if set.Task == nil {
		return nil
	}
	rows, cols := set.Task.Size()
	if r, c := d.task.Size(); rows != r || cols != c {
		in.Rows, in.Cols, in.Tokens = rows, cols, in.Tokens[:rows*cols]
	}
	return nil
}

func (d *drawn) cursor() string {
	var parts []string
	for _, c := range d.Cursor() {
		parts = append(parts, strconv.FormatUint(c, 10))
	}
	return strings.Join(parts, ",")
}

func (d *drawn) seek(text string) error {
	var c data.Cursor
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: cursor %q: %w", data.ErrData, text, err)
		}
		c = append(c, n)
	}
	return d.Seek(c)
}
