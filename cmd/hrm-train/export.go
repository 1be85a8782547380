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
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
)

// exportFlags are the flags of hrm-train export.
type exportFlags struct {
	out        string
	format     string
	licence    string
	validation string
	best       bool
	segments   int
	cycles     int
	threads    int
}

var formats = map[string]quantize.Format{"f32": quantize.F32, "f16": quantize.F16, "bf16": quantize.BF16, "i8": quantize.I8}

func newExport() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export run",
		Short: "Write the trained model of a run as a .hrm file",
		Long: `Writes the model of a run's last checkpoint (its moving average, when the run
keeps one) or with --best of its best evaluation. The header says how it was
trained: preset, steps, seed, hash of the data, the whole configuration, and the
accuracy on the validation file, measured on the model as it is written.`,
		Example: "  hrm-train export run --format f16 --segments 16 --licence CC0-1.0 --out sudoku.hrm",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.export(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "file to write, - for standard output (required)")
	flags.StringVar(&f.format, "format", "f32", "of the large matrices: f32, f16, bf16 or i8")
	flags.StringVar(&f.licence, "licence", "", "licence of the weights, for the header")
	flags.StringVar(&f.validation, "validation", "", "file to measure accuracy on, instead of the run's")
	flags.BoolVar(&f.best, "best", false, "the model of the best evaluation instead of the last checkpoint")
	flags.IntVar(&f.segments, "segments", 0, "segments that a solver allows by default, 0 for those of training (halt_max_steps)")
	flags.IntVar(&f.cycles, "cycles", 0, "H cycles of a segment, 0 for those of training (H_cycles); more let a trm model think longer between two looks at its halting head")
	flags.IntVar(&f.threads, "threads", 0, "processor cores, 0 for all")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *exportFlags) export(cmd *cobra.Command, dir string) error {
	format, ok := formats[f.format]
	if !ok {
		return fmt.Errorf("%w: --format is %q, want f32, f16, bf16 or i8", config.ErrConfig, f.format)
	}
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
	if m, _, err = m.Convert(format); err != nil {
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
	if err := f.measure(cmd.Context(), m, c, target.Out()); err != nil {
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
	_, err = fmt.Fprintf(target.Out(), "%s: %d bytes, %d parameters as %s\n", target, size, parameters(&m.Config), f.format)
	return err
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
	for _, path := range []*string{&public.Validation, &public.Init} {
		if *path != "" {
			*path = filepath.Base(*path)
		}
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
	if initial := run[metaInitial]; initial != "" {
		meta[metaInitial] = initial
	}
	return meta, err
}

// measure records the accuracy of the model as it will be written.
func (f *exportFlags) measure(ctx context.Context, m *runtime.Model, c *config.Config, out io.Writer) error {
	path := f.validation
	if path == "" {
		path = c.Validation
	}
	if path == "" {
		fmt.Fprintln(out, "no validation file: the header records no accuracy")
		return nil
	}
	set, err := loadSet(ctx, c, path)
	if err != nil {
		return err
	}
	s, err := evaluate(ctx, m, f.threads, set, 0, runtime.Options{})
	if err != nil {
		return err
	}
	recordAccuracy(m, s.record(), path)
	fmt.Fprintln(out, describeEval(s.record()))
	return nil
}
