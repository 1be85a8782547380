package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

// Names in the meta of checkpoints and models.
const (
	metaPreset   = "preset"
	metaSteps    = "steps"
	metaSeed     = "seed"
	metaData     = "data_sha256"
	metaSeconds  = "training_seconds"
	metaDevice   = "training_device"
	metaConfig   = "training_config"
	metaInitial  = "initial_model" // how the model was trained whose weights the run began with
	metaExact    = "validation_exact_accuracy"
	metaSetting  = "validation_setting"
	metaLabels   = "labels" // what the model was taught to say, where that is not the answer
	metaLicence  = "licence"
	metaProducer = "producer"

	metaCursor = "data_cursor"     // checkpoints only: the place in the data
	metaBest   = "best_evaluation" // checkpoints only: exact accuracy of bestFile
)

// writeModel writes the model of an evaluation.
func (t *training) writeModel(path string, m *runtime.Model, step int64, measured []curve.Record) (err error) {
	if m.Meta, err = provenance(&t.config, step, t.meta()); err != nil {
		return err
	}
	if err := describe(m, &t.config); err != nil {
		return err
	}
	recordAccuracy(m, measured, t.valid)
	return m.Save(path)
}

// describe says in a model, whose Meta is there, what it solves.
func describe(m *runtime.Model, c *config.Config) error {
	t, err := c.PuzzleTask()
	if err != nil {
		return err
	}
	m.Task, m.TaskSpec = t.Name(), puzzle.Spec(t)
	if teacher, ok := t.(puzzle.Teacher); ok && teacher.Taught() != "" {
		m.Meta[metaLabels] = teacher.Taught()
	}
	return nil
}

// recordAccuracy writes into the header what was measured, and how; of further sets
// under the same names, with that of the set behind a colon.
func recordAccuracy(m *runtime.Model, measured []curve.Record, sets []validation) {
	for i, r := range measured {
		if len(sets) == 0 {
			m.Meta[metaExact] = fmt.Sprintf("%.4f", r.ExactAccuracy)
			m.Meta[metaSetting] = fmt.Sprintf("tests of %d tasks, the first answer of a vote over %d forms, at most %d segments", r.Puzzles, evaluationVotes, m.Config.HaltMaxSteps)
			return
		}
		of := ""
		if i > 0 {
			of = ":" + sets[i].name
		}
		m.Meta[metaExact+of] = fmt.Sprintf("%.4f", r.ExactAccuracy)
		file := sets[i].name
		if sets[i].path != "" {
			file = filepath.Base(sets[i].path)
		}
		m.Meta[metaSetting+of] = fmt.Sprintf("%d puzzles of %s, single pass, learned halting, at most %d segments", r.Puzzles, file, m.Config.HaltMaxSteps)
	}
}

// loadModel reads a model file, or of a run's folder the last checkpoint.
func loadModel(path string) (*runtime.Model, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		m, _, err := runModel(path)
		return m, err
	}
	return readModel(path)
}

// readModel reads a model file, or where there is none the model of that name.
func readModel(path string) (*runtime.Model, error) {
	f, err := weights.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		m, _, err := native.Read(path)
		return m, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, err := runtime.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
