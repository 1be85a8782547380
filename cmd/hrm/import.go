package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// checkpointFlags say of a checkpoint what it does not say by itself.
type checkpointFlags struct {
	spec        map[string]string
	identifiers string
	checkpoint.Options
}

type importFlags struct {
	checkpointFlags
	out  string
	meta map[string]string
}

func newImport() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import CHECKPOINT -o FILE",
		Short: "Make a .hrm file of a published checkpoint",
		Long: `Make a .hrm file of the weights that the HRM and TRM references publish: what
torch.save wrote of a state dict (.pt, .pth, .ckpt, .bin or no extension), or
.safetensors, whole or in shards, with the all_config.yaml or config.yaml of its
training run beside it. CHECKPOINT is the file, the index of the shards, or the
folder that holds them. Nothing in the file is executed, and tensors are
streamed: a table of a million rows is never held in memory.

Where a file holds more than weights, such as the states of optimizers, those
are skipped; of a model and its moving average the average is taken, as the
references evaluate it, unless --weights names the other. What was chosen or
ignored, and what may make the model another one than the references', is said
on standard error.

The new file appears complete or not at all, in place of one of that name.`,
		Example: `  hrm import HRM-checkpoint-sudoku-extreme/ -o sudoku.hrm
  hrm import step_26040 --config run/all_config.yaml -o sudoku.hrm
  hrm import model.safetensors -o maze.hrm --meta licence=Apache-2.0
  hrm import HRM-checkpoint-ARC-2/ -o arc.hrm --identifiers data/arc-2-aug-1000/identifiers.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` to write, - for standard output")
	f.checkpointFlags.add(flags)
	flags.StringToStringVar(&f.meta, "meta", nil, "`name=text` to note in the file; may be given more than once")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *checkpointFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.ConfigPath, "config", "", "`FILE` with the configuration (default all_config.yaml or config.yaml beside the checkpoint)")
	flags.StringVar(&f.Weights, "weights", "", "`NAME` of the set of weights to take where the file holds several, such as model or ema")
	flags.StringVar(&f.Task, "task", "", "sudoku, maze, arc or grid (default what the vocabulary says)")
	flags.StringToStringVar(&f.spec, "task-spec", nil, "`key=value,...` that describe the task: of a grid alphabet, blank, padding and rules")
	flags.StringVar(&f.identifiers, "identifiers", "", "ARC: `FILE` identifiers.json of the data set that the checkpoint was trained on, to be kept in the model")
	flags.IntVar(&f.SeqLen, "seq-len", 0, "tokens of a puzzle (default what the checkpoint says)")
}

// check looks at the flags before a file is opened.
func (f *checkpointFlags) check() error {
	if f.Task == "" && len(f.spec) > 0 {
		return errors.New("--task-spec describes the --task, which is missing")
	}
	if f.Task != "" {
		if f.TaskSpec = puzzle.SpecOf(f.spec); len(f.spec) == 0 {
			f.TaskSpec = nil
		}
		if _, err := puzzle.New(f.Task, f.TaskSpec); err != nil {
			return fmt.Errorf("--task: %w", err)
		}
	}
	if f.SeqLen < 0 {
		return fmt.Errorf("--seq-len is %d, want 1 or more", f.SeqLen)
	}
	return nil
}

func (f *importFlags) run(cmd *cobra.Command, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	c, err := f.convert(cmd, path, target.Path, f.meta)
	if err != nil {
		return err
	}
	i, err := inspect(target.Path)
	if err != nil {
		return err
	}
	if err := target.Deliver(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(target.Out(), "%s: %s %s, %s parameters, %s bytes\n",
		target, c.Config.Family, cmp.Or(i.Task, "for no task that is known"), thousands(i.Parameters), thousands(i.Bytes))
	return err
}

// named adds the names of the puzzle table's rows to what is noted in the file.
func (f *checkpointFlags) named(c *checkpoint.File, meta map[string]string) (map[string]string, error) {
	if f.identifiers == "" {
		return meta, nil
	}
	ids, err := readNames(f.identifiers, c.Config.NumPuzzles)
	if err != nil {
		return nil, err
	}
	text, err := runtime.NamePuzzles(ids.Names)
	with := map[string]string{runtime.MetaPuzzles: text}
	maps.Copy(with, meta)
	return with, err
}

// convert writes a checkpoint to a .hrm file, and says on standard error what was chosen.
// The checkpoint is closed.
func (f *checkpointFlags) convert(cmd *cobra.Command, from, to string, meta map[string]string) (*checkpoint.File, error) {
	c, err := checkpoint.Open(from, f.Options)
	if errors.Is(err, runtime.ErrConfig) && f.ConfigPath == "" {
		return nil, fmt.Errorf("%w; another configuration can be given with --config FILE", err)
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if meta, err = f.named(c, meta); err != nil {
		return nil, err
	}
	for _, note := range c.Notes {
		fmt.Fprintf(cmd.ErrOrStderr(), "hrm: %s\n", note)
	}
	bar := newProgress(cmd.ErrOrStderr(), -1, "importing")
	defer bar.end()
	return c, checkpoint.Convert(cmd.Context(), to, c, meta)
}
