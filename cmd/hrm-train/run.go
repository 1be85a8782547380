package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/train/config"
)

// Files of a run's folder, beside metricsFile.
const (
	configFile     = "config.yaml"    // the effective configuration
	checkpointFile = "checkpoint.hrm" // the newest checkpoint, with the optimizer's state
	previousFile   = "previous.hrm"   // the checkpoint before
	stableFile     = "stable.hrm"     // wsd: the newest checkpoint before the rate fell
	bestFile       = "best.hrm"       // the model of the best evaluation so far

	identifiersFile = "identifiers.json" // ARC: the names of the puzzle table's rows
)

// runFlags are the flags of hrm-train run.
type runFlags struct {
	configFlags
	data, validation []string
	out              string
	start            start
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Train a model",
		Long: `Trains a model from a preset (--preset), a file (--config) or both, the file over
the preset; --set and the other flags override single keys. The keys, with their
meanings and values, are what hrm-train presets NAME prints.

The folder --out gets the effective configuration (config.yaml), the last two
checkpoints (checkpoint.hrm, previous.hrm), the model of the best evaluation
(best.hrm), the metrics (metrics.jsonl) and the learning curve (curve.png,
curve.svg). When training diverges, checkpoint.hrm is the last one from which a
step was finite. SIGINT and SIGTERM finish the step, save and exit; --resume goes on
from the last checkpoint, on a CPU with the same bits as if nothing had happened.

With lr_schedule=wsd the rate is constant until the last fifth of the run, and
stable.hrm is the last checkpoint before that: --resume with more --steps, or more
time --for, takes the run up again there, and --decay-from RUN makes a model of
what RUN has learned so far, in a folder of its own: the rate falls from there over
--steps (default a quarter of those before) or --for, while RUN may go on.`,
		Example: `  hrm-train run --preset sudoku-cpu --data train.csv.gz --validation valid.csv.gz --out run
  hrm-train run --preset sudoku-cpu --data train.csv.gz=3 --data made.csv.gz --set lr=1e-3 --for 60m --out run
  hrm-train run --resume --out run
  hrm-train run --preset maze-cpu --set lr_schedule=wsd --out run
  hrm-train run --decay-from run --for 10m --out decayed`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.config(cmd)
			if err != nil {
				return err
			}
			return trainRun(cmd.Context(), c, f.out, f.start, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.register(cmd, "task", "steps", "device", "threads", "precision", "for", "seed")
	flags := cmd.Flags()
	flags.StringArrayVar(&f.data, "data", nil, "training file, or path=weight (repeatable)")
	flags.StringArrayVar(&f.validation, "validation", nil, "file of the periodic evaluation (repeatable); the first decides about the best model")
	f.registerFolder(cmd)
	return cmd
}

// registerFolder registers the flags of the folder and of what a run begins with.
func (f *runFlags) registerFolder(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`FOLDER` of the run (required)")
	flags.BoolVar(&f.start.resume, "resume", false, "go on with the run in --out, with its configuration; start it if there is none")
	flags.StringVar(&f.start.decayFrom, "decay-from", "", "`FOLDER` of a run with a constant rate, or wsd: begin with its stable checkpoint and its configuration, and let the rate fall")
	cmd.MarkFlagsMutuallyExclusive("resume", "decay-from")
}

// config is the configuration of the run in the folder when it is resumed,
// else that of preset and file; flags override both.
func (f *runFlags) config(cmd *cobra.Command) (config.Config, error) {
	c, err := f.base()
	if err != nil {
		return c, err
	}
	if len(f.data) > 0 {
		if err := c.Set("data", strings.Join(f.data, ",")); err != nil {
			return c, fmt.Errorf("--data: %w", err)
		}
	}
	if len(f.validation) > 0 {
		c.Validation = f.validation
	}
	was := c
	if f.start.decayFrom != "" {
		if err := f.start.decay(&c); err != nil {
			return c, err
		}
	}
	if err := f.override(cmd, &c); err != nil {
		return c, err
	}
	if f.start.decayFrom != "" {
		f.start.bound(cmd, &c)
	}
	f.start.longer = c.Steps > was.Steps || c.For > was.For
	if len(c.Data) == 0 && len(c.ARCTasks) == 0 && !c.Generate {
		return c, fmt.Errorf("%w: data is missing: give --data or the key data, for mazes generate, for ARC arc_tasks", config.ErrConfig)
	}
	return c, nil
}

func (f *runFlags) base() (config.Config, error) {
	if f.out == "" {
		return config.Config{}, fmt.Errorf("%w: --out is missing: the folder of the run", config.ErrConfig)
	}
	c := config.Default()
	switch {
	case f.start.decayFrom != "":
		return c, c.Read(filepath.Join(f.start.decayFrom, configFile))
	case f.start.resume:
		if err := c.Read(filepath.Join(f.out, configFile)); !errors.Is(err, os.ErrNotExist) {
			return c, err
		}
	}
	return f.configFlags.base()
}

// trainRun trains in a folder, which it makes.
func trainRun(ctx context.Context, c config.Config, dir string, s start, out, errOut io.Writer) error {
	t, err := newTraining(ctx, c, dir, s, newReporter(errOut))
	if err != nil {
		return err
	}
	defer t.close()
	command.Finish(ctx)
	if err := t.train(ctx); err != nil {
		return err
	}
	return t.finish(out)
}
