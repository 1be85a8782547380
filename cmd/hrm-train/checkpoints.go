package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/train"
)

// A run's folder holds its newest checkpoint and the one before: weights may be
// finite and ruined, which only the next step shows. A checkpoint is good when a
// step from it was finite, and the one before the newest always is.

// checkpoint writes the checkpoint, and keeps the one before. Both stay as they
// are until the new one is whole.
func (t *training) checkpoint(cp *train.Checkpoint) error {
	path := filepath.Join(t.dir, checkpointFile)
	if err := keep(path, filepath.Join(t.dir, previousFile)); err != nil {
		return err
	}
	cp.Meta = t.meta()
	if err := train.WriteCheckpoint(path, &t.run.Spec, cp); err != nil {
		return err
	}
	t.saved = cp.Step
	return t.keepStable(cp.Step)
}

// keep gives a file a second name that outlives its replacement.
func keep(path, second string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if linked, err := link(path, second); linked || err != nil {
		return err
	}
	return os.Rename(path, second) // findCheckpoint knows
}

// link gives a file a second name, in place of the file that had it; linked is false on
// file systems without links.
func link(path, second string) (linked bool, err error) {
	if err := os.Remove(second); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return os.Link(path, second) == nil, nil
}

// findCheckpoint returns the file to go on from, "" when there is none.
func findCheckpoint(dir string) (string, error) {
	for _, name := range []string{checkpointFile, previousFile} {
		path := filepath.Join(dir, name)
		switch _, err := os.Stat(path); {
		case err == nil:
			return path, nil
		case !errors.Is(err, os.ErrNotExist):
			return "", err
		}
	}
	return "", nil
}

// damaged adds to the error about a checkpoint that cannot be read what there is
// instead.
func damaged(path string, err error) error {
	previous := filepath.Join(filepath.Dir(path), previousFile)
	if path == previous {
		return err
	}
	for _, kind := range []error{weights.ErrHash, weights.ErrHeaderHash, weights.ErrFormat, weights.ErrTruncated, weights.ErrTensor, weights.ErrLayout} {
		if _, missing := os.Stat(previous); missing == nil && errors.Is(err, kind) {
			return fmt.Errorf("%w; remove it, and --resume goes on from %s, the checkpoint before", err, previous)
		}
	}
	return err
}

// lastGood says where the last good checkpoint is after training diverged. The
// newest one is replaced by the one before when the very next step was not finite.
func (t *training) lastGood() string {
	path := filepath.Join(t.dir, checkpointFile)
	switch {
	case t.saved < 0:
		return "no checkpoint was written before"
	case t.finite > t.saved:
		return fmt.Sprintf("%s is the last good checkpoint, of step %d", path, t.saved)
	case os.Rename(filepath.Join(t.dir, previousFile), path) == nil:
		return fmt.Sprintf("the checkpoint of step %d was ruined already; %s is the one before it now, the last good checkpoint", t.saved, path)
	}
	return fmt.Sprintf("the only checkpoint, of step %d, is ruined already", t.saved)
}

// bestSoFar returns the exact accuracy of bestFile, -1 when there is none: the file
// itself says, since a checkpoint is older than the evaluation after it. recorded
// is what the checkpoint says, with more digits.
func (t *training) bestSoFar(recorded float64) float64 {
	path := filepath.Join(t.dir, bestFile)
	f, err := weights.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return -1
	}
	if err == nil {
		var there float64
		if there, err = strconv.ParseFloat(f.Header.Meta[metaExact], 64); err == nil {
			return max(there, recorded)
		}
	}
	t.report.say("%s cannot be read, the next evaluation replaces it: %v", path, err)
	return -1
}
