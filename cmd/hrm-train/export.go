package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/internal/version"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

// exportFlags are the flags of hrm-train export.
type exportFlags struct {
	out        string
	to         command.FormatValue
	licence    string
	card       string
	validation []string
	best       bool
	segments   int
	cycles     int
	threads    int
}

func newExport() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Write the trained model of a run as a .hrm file",
		Long: `Writes the model of a run's last checkpoint (its moving average, when the run
keeps one) or with --best of its best evaluation. The header says how it was
trained: preset, steps, seed, hash of the data, the whole configuration, and the
accuracy on the validation files, measured on the model as it is written.

Beside it goes a model card, README.md, with the front matter that model hubs read,
unless a file of that name is there that is none.`,
		Example: "  hrm-train export run --to fp16 --max-segments 16 --licence CC0-1.0 --out sudoku.hrm",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.export(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` to write, - for standard output (required)")
	command.AddFormat(cmd, &f.to, "fp32", "`FORMAT` of the large matrices: %s", "fp32", "fp16", "bf16", "int8")
	flags.StringVar(&f.licence, "licence", "", "licence of the weights, for the header")
	flags.StringArrayVar(&f.validation, "validation", nil, "`FILE` to measure accuracy on, instead of the run's (repeatable)")
	flags.StringVar(&f.card, "card", "", "`FILE` of the model card, none for no card (default README.md beside the model)")
	flags.BoolVar(&f.best, "best", false, "the model of the best evaluation instead of the last checkpoint")
	flags.IntVar(&f.segments, "max-segments", 0, "segments that a solver allows by default, 0 for those of training (halt_max_steps)")
	flags.IntVar(&f.cycles, "cycles", 0, "H cycles of a segment, 0 for those of training (H_cycles); more let a trm model think longer between two looks at its halting head")
	flags.IntVar(&f.threads, "threads", 0, "processor cores, 0 for all")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *exportFlags) export(cmd *cobra.Command, dir string) error {
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	m, c, err := runModel(dir)
	if err == nil && f.best {
		m, err = readModel(filepath.Join(dir, bestFile))
	}
	if err != nil {
		return err
	}
	meta := m.Meta
	if m, _, err = m.Convert(f.to.Format); err != nil {
		return err
	}
	m.Meta = maps.Clone(meta)
	if f.segments > 0 {
		m.Config.HaltMaxSteps = f.segments
	}
	if f.cycles > 0 {
		m.Config.HCycles = f.cycles
	}
	if f.licence != "" {
		m.Meta[metaLicence] = f.licence
	}
	measured, err := f.measure(cmd.Context(), m, c, target.Out())
	if err != nil {
		return err
	}
	if err := m.Save(target.Path); err != nil {
		return fmt.Errorf("%w: %w", errFailed, err)
	}
	size, err := target.Size()
	if err != nil {
		return err
	}
	if err := target.Deliver(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(target.Out(), "%s: %s bytes, %s parameters as %s\n", target, command.Thousands(size), command.Thousands(int64(parameters(&m.Config))), f.to.Name)
	if path := f.cardPath(target); err == nil && path != "" {
		var said string
		if said, err = newCard(m, target.String(), f.to.Name, size, measured).write(path); err == nil {
			_, err = fmt.Fprintln(target.Out(), said)
		}
	}
	return err
}

// cardPath is where the model card goes, "" for nowhere: a model that goes through a
// pipe has none beside it.
func (f *exportFlags) cardPath(target *command.Target) string {
	switch {
	case f.card == "none":
		return ""
	case f.card != "":
		return f.card
	case target.Path != f.out:
		return ""
	}
	return filepath.Join(filepath.Dir(f.out), cardFile)
}

// runModel returns the model of a run's last checkpoint, with the part of its
// meta that says how it was trained, and the run's configuration.
func runModel(dir string) (*runtime.Model, *config.Config, error) {
	c := config.Default()
	if err := c.Read(filepath.Join(dir, configFile)); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, checkpointFile)
	shape, err := readModel(path)
	if err != nil {
		return nil, nil, err
	}
	run, err := c.Train(shape.Config.NumPuzzles)
	if err != nil {
		return nil, nil, err
	}
	cp, err := train.ReadCheckpoint(path, &run.Spec)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	m := cp.State.Model(&run.Spec, true)
	if m.Meta, err = provenance(&c, cp.Step, cp.Meta); err == nil {
		err = describe(m, &c)
	}
	return m, &c, err
}

// provenance says how a model was trained, with the files' names alone: where
// they lie is nobody else's business.
func provenance(c *config.Config, step int64, run map[string]string) (map[string]string, error) {
	public := *c
	public.Data = slices.Clone(c.Data)
	for i := range public.Data {
		public.Data[i].Path = filepath.Base(public.Data[i].Path)
	}
	public.ARCTasks = slices.Clone(c.ARCTasks)
	for i, path := range c.ARCTasks {
		public.ARCTasks[i] = filepath.Base(path)
	}
	public.Validation = slices.Clone(c.Validation)
	for i, path := range c.Validation {
		public.Validation[i] = filepath.Base(path)
	}
	if c.Init != "" {
		public.Init = filepath.Base(c.Init)
	}
	text, err := public.YAML()
	meta := map[string]string{
		metaPreset:   c.Preset,
		metaSteps:    strconv.FormatInt(step, 10),
		metaSeed:     strconv.FormatUint(c.Seed, 10),
		metaData:     run[metaData],
		metaSeconds:  run[metaSeconds],
		metaDevice:   run[metaDevice],
		metaConfig:   string(text),
		metaProducer: "hrm-train " + version.Read().Version,
	}
	for _, key := range []string{metaInitial, runtime.MetaPuzzles} {
		if text := run[key]; text != "" {
			meta[key] = text
		}
	}
	return meta, err
}

// measure records the accuracy of the model as it will be written.
func (f *exportFlags) measure(ctx context.Context, m *runtime.Model, c *config.Config, out io.Writer) ([]curve.Record, error) {
	paths := f.validation
	if len(paths) == 0 {
		paths = c.Validation
	}
	if len(paths) == 0 {
		fmt.Fprintln(out, "no validation file: the header records no accuracy")
		return nil, nil
	}
	sets, err := openValidation(ctx, c, paths)
	if err != nil {
		return nil, err
	}
	records, err := measure(ctx, m, f.threads, 0, c.TrainLoss(), sets, func(r curve.Record) {
		fmt.Fprintln(out, onSet(puzzles(r.Puzzles)+" of", r))
	})
	if err != nil {
		return nil, err
	}
	recordAccuracy(m, records, sets)
	return records, nil
}
