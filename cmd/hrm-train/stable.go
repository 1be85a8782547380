package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
)

// A run with a constant rate can always be gone on with, but its weights are worth more
// after the rate has fallen, from which there is no way back. So the last checkpoint
// before the fall is kept (stableFile), and a run goes on from there, or several fall
// from there.

// start says what a sitting of a run begins with.
type start struct {
	resume    bool   // the run in its folder
	longer    bool   // resume: more steps, or more time, than the run had
	decayFrom string // folder of the run from whose stable checkpoint the rate falls

	path string // of that checkpoint
	step int64  // of that checkpoint
}

// decay makes of the configuration of a run that of its decay.
func (s *start) decay(c *config.Config) error {
	var err error
	if s.path, s.step, err = stableCheckpoint(s.decayFrom, c); err != nil {
		return fmt.Errorf("--decay-from %s: %w", s.decayFrom, err)
	}
	if s.step == 0 {
		return fmt.Errorf("--decay-from %s: nothing was learned yet in %s", s.decayFrom, s.path)
	}
	c.Schedule, c.DecayFrom, c.For = "wsd", int(s.step), 0
	if c.LRMinRatio == 1 {
		c.LRMinRatio = 0
	}
	c.Steps = int(max(1, s.step/4))
	return nil
}

// bound turns the steps of the decay into those of the whole; without --steps, --for
// alone bounds it.
func (s *start) bound(cmd *cobra.Command, c *config.Config) {
	if c.For > 0 && !cmd.Flags().Lookup("steps").Changed {
		c.Steps = math.MaxInt32
		return
	}
	c.Steps += int(s.step)
}

// stableCheckpoint returns the newest checkpoint of a run in which its rate had not
// fallen yet, and its step.
func stableCheckpoint(dir string, c *config.Config) (path string, step int64, err error) {
	switch c.Schedule {
	case "cosine":
		return "", 0, fmt.Errorf("%w: its lr_schedule is cosine, which falls from the first step; want constant or wsd", config.ErrConfig)
	case "wsd":
		path = filepath.Join(dir, stableFile)
		if _, err = os.Stat(path); errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: it has no %s: its rate fell before the first checkpoint (checkpoint_interval)", config.ErrConfig, stableFile)
		}
	default:
		if path, err = findCheckpoint(dir); err == nil && path == "" {
			err = fmt.Errorf("%w: it has no checkpoint yet", config.ErrConfig)
		}
	}
	if err != nil {
		return path, 0, err
	}
	step, err = checkpointStep(path)
	return path, step, err
}

// checkpointStep returns the step of a checkpoint.
func checkpointStep(path string) (int64, error) {
	f, err := weights.ReadFile(path)
	if err != nil {
		return 0, err
	}
	step, err := train.CheckpointStep(f)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return step, nil
}

// keepStable gives the checkpoint that was just written a further name while the rate has
// not fallen.
func (t *training) keepStable(step int64) error {
	if s := t.run.Schedule; !s.Stable || s.Decays(step) {
		return nil
	}
	path, stable := filepath.Join(t.dir, checkpointFile), filepath.Join(t.dir, stableFile)
	if linked, err := link(path, stable); linked || err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return writeFile(stable, text)
}

// goOn returns the checkpoint that a longer run goes on from: where its rate had begun to
// fall, that before.
func (t *training) goOn(path string) (string, error) {
	if !t.start.longer || !t.run.Schedule.Stable {
		return path, nil
	}
	stable := filepath.Join(t.dir, stableFile)
	at, err := checkpointStep(path)
	if err != nil {
		return path, nil // restore says what is wrong
	}
	if before, err := checkpointStep(stable); err == nil && before < at {
		t.report.say("the rate had begun to fall: goes on from %s, before that", stable)
		return stable, nil
	}
	return path, nil
}
