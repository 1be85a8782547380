package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/data"
)

// newGenerator returns a source that makes the puzzles of a task.
func newGenerator(c *config.Config, task puzzle.Task) (*source, error) {
	m, ok := task.(puzzle.Maze)
	if !ok {
		return nil, fmt.Errorf("%w: generate is for mazes: give data for task %s", config.ErrConfig, c.Task)
	}
	o := data.MazeStreamOptions{Seed: c.Seed, Maze: m, Steps: c.MazeSteps, Shapes: c.MazeShapes, Grow: uint64(c.MazeGrow)}
	for _, s := range c.MazeSizes {
		o.Sizes = append(o.Sizes, data.MazeSize(s))
	}
	stream, err := data.NewMazeStream(o)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", o))
	return &source{examples: &made{stream}, numPuzzles: 1, sha256: hex.EncodeToString(sum[:])}, nil
}

// made is examples that are made as they are drawn, each from its number.
type made struct{ *data.MazeStream }

// Example implements train.Source.
func (m *made) Example(n int64, in *runtime.Input, labels []int32) error {
	rows, cols := m.MazeStream.Example(uint64(n), in.Tokens, labels)
	in.Rows, in.Cols, in.Tokens = rows, cols, in.Tokens[:rows*cols]
	return nil
}

func (m *made) cursor() string { return "" }

func (m *made) seek(string) error { return nil }
