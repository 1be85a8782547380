package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/train/curve"
)

// Names in a model's meta.
const (
	metaPreset   = "preset"
	metaSteps    = "steps"
	metaSeed     = "seed"
	metaData     = "data_sha256"
	metaSeconds  = "training_seconds"
	metaExact    = "validation_exact_accuracy"
	metaSetting  = "validation_setting"
	metaLicence  = "licence"
	metaConfig   = "training_config"
	metaProducer = "producer"
)

// writeModel writes the model of an evaluation.
func (t *training) writeModel(path string, m *runtime.Model, r curve.Record) error {
	text, err := t.config.YAML()
	if err != nil {
		return err
	}
	m.Task = t.config.Task
	m.Meta = map[string]string{
		metaPreset:   t.config.Preset,
		metaSteps:    strconv.FormatInt(r.Step, 10),
		metaSeed:     strconv.FormatUint(t.config.Seed, 10),
		metaData:     t.data.sha256,
		metaSeconds:  fmt.Sprintf("%.0f", r.Seconds),
		metaExact:    fmt.Sprintf("%.4f", r.ExactAccuracy),
		metaSetting:  setting(r, t.config.Validation, t.config.HaltMaxSteps),
		metaConfig:   string(text),
		metaProducer: "hrm-train " + readVersion().Version,
	}
	return m.Save(path)
}

// setting says under which conditions an accuracy was measured.
func setting(r curve.Record, file string, segments int) string {
	return fmt.Sprintf("%d puzzles of %s, single pass, learned halting, at most %d segments", r.Puzzles, filepath.Base(file), segments)
}

// loadModel reads a model file, or of a run's folder the checkpoint.
func loadModel(path string) (*runtime.Model, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, checkpointFile)
	}
	f, err := weights.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, err
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
