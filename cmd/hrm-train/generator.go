package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
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
	if c.MazeReach > 0 {
		sum = sha256.Sum256(fmt.Appendf(sum[:], "reach %d", c.MazeReach))
	}
	return &source{examples: &made{stream, m.Directions, c.MazeReach}, numPuzzles: 1, sha256: hex.EncodeToString(sum[:])}, nil
}

// made is examples that are made as they are drawn, each from its number.
type made struct {
	*data.MazeStream
	directions bool
	reach      int // cells that the wave moves in a segment, 0: asked at once
}

// Example implements train.Source.
func (m *made) Example(n int64, in *runtime.Input, labels []int32) error {
	rows, cols := m.MazeStream.Example(uint64(n), in.Tokens, labels)
	in.Rows, in.Cols, in.Tokens = rows, cols, in.Tokens[:rows*cols]
	if m.directions {
		m.ask(in.Tokens, labels)
	}
	return nil
}

// ask leaves out the labels of cells that are farther from G than S is, which no answer
// needs, so that a puzzle counts as solved when the wave has come to S. With a reach a
// cell is to stay as it is until the segment in which the wave can have come to it.
func (m *made) ask(tokens, labels []int32) {
	distances := m.Distances()
	far := distances[slices.Index(tokens, puzzle.MazeStart)]
	for i, d := range distances {
		if d > far {
			labels[i] = train.IgnoreLabel
		}
		if d > 0 && m.reach > 0 {
			labels[i] = train.LabelFrom(labels[i], (int(d)+m.reach-1)/m.reach)
		}
	}
}

func (m *made) cursor() string { return "" }

func (m *made) seek(string) error { return nil }
