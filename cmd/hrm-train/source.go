package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/data"
)

// source is the training data as the trainer draws it.
type source struct {
	sampler    *data.Sampler
	puzzles    int    // examples in all files
	numPuzzles int    // rows of the puzzle table
	sha256     string // of everything that training sees

	arc *data.ARCData // nil unless the files hold ARC tasks
}

// openSource reads the training files of a configuration.
func openSource(ctx context.Context, c *config.Config) (*source, error) {
	s := &source{}
	parts, err := s.load(ctx, c)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	for i := range parts {
		p := &parts[i]
		p.Plain = !c.Augment
		if c.Task == "sudoku" {
			p.Hints = c.Hints
		}
		fmt.Fprintf(hash, "%v %s\n", p.Weight, p.Set.Hash())
		s.puzzles += p.Set.Len()
		s.numPuzzles = max(s.numPuzzles, p.Set.NumPuzzles)
	}
	s.sha256 = hex.EncodeToString(hash.Sum(nil))
	s.sampler, err = data.NewSampler(c.Seed, parts...)
	return s, err
}

func (s *source) load(ctx context.Context, c *config.Config) (parts []data.Part, err error) {
	if c.Task == "arc" && !isFolder(c.Data[0].Path) {
		s.arc, err = loadARC(ctx, c)
		if err != nil {
			return nil, err
		}
		return []data.Part{{Set: s.arc.Train, Weight: 1}}, nil
	}
	for _, d := range c.Data {
		set, err := loadSet(ctx, c.Task, d.Path)
		if err != nil {
			return nil, err
		}
		if c.TrainLimit > 0 {
			if set, err = someOf(set, c.TrainLimit, c.Seed); err != nil {
				return nil, fmt.Errorf("data set %s: %w", d.Path, err)
			}
		}
		parts = append(parts, data.Part{Set: set, Weight: d.Weight})
	}
	return parts, nil
}

// isFolder reports whether a path is a data set as the references write it.
func isFolder(path string) bool {
	for _, name := range []string{"dataset.json", "train/dataset.json"} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

// loadARC reads ARC tasks; those of split evaluation become the validation.
func loadARC(ctx context.Context, c *config.Config) (*data.ARCData, error) {
	var paths []string
	for _, d := range c.Data {
		if d.Weight != 1 {
			return nil, fmt.Errorf("%w: data %s has weight %v, but ARC tasks share one puzzle table and are drawn alike", config.ErrConfig, d.Path, d.Weight)
		}
		paths = append(paths, d.Path)
	}
	if c.TrainLimit > 0 || c.Validation != "" {
		return nil, fmt.Errorf("%w: train_limit and validation are not for ARC tasks: those of split evaluation are the validation", config.ErrConfig)
	}
	tasks, err := data.LoadARC(ctx, paths...)
	if err != nil {
		return nil, err
	}
	return data.NewARC(tasks, data.ARCOptions{Seed: c.Seed, Augmentations: c.ARCForms})
}

// loadSet reads one file of puzzles of a task.
func loadSet(ctx context.Context, task, path string) (*data.Set, error) {
	t, err := puzzle.ByName(task)
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
	t, err := puzzle.ByName(s.Task)
	if err != nil {
		return nil, err
	}
	some := data.NewSet(t)
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

// Example implements train.Source. The trainer asks in order.
func (s *source) Example(n int64, in *runtime.Input, labels []int32) error {
	if uint64(n) != s.sampler.Draws() {
		return fmt.Errorf("%w: example %d asked for after %d draws", data.ErrData, n, s.sampler.Draws())
	}
	in.PuzzleID = s.sampler.Next(in.Tokens, labels)
	return nil
}

// cursor returns the place of the next draw as text, for a checkpoint.
func (s *source) cursor() string {
	var parts []string
	for _, c := range s.sampler.Cursor() {
		parts = append(parts, strconv.FormatUint(c, 10))
	}
	return strings.Join(parts, ",")
}

// seek goes to a place that cursor returned.
func (s *source) seek(text string) error {
	var c data.Cursor
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: cursor %q: %w", data.ErrData, text, err)
		}
		c = append(c, n)
	}
	return s.sampler.Seek(c)
}
