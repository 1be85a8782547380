package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

type importFlags struct {
	spec map[string]string
	out  string
	meta map[string]string
	checkpoint.Options
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
  hrm import model.safetensors -o maze.hrm --meta licence=Apache-2.0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "`FILE` to write, - for standard output")
	flags.StringVar(&f.ConfigPath, "config", "", "`FILE` with the configuration (default all_config.yaml or config.yaml beside the checkpoint)")
	flags.StringVar(&f.Weights, "weights", "", "`NAME` of the set of weights to take where the file holds several, such as model or ema")
	flags.StringVar(&f.Task, "task", "", "sudoku, maze, arc or grid (default what the vocabulary says)")
	flags.StringToStringVar(&f.spec, "task-spec", nil, "`key=value,...` that describe the task: of a grid alphabet, blank, padding and rules")
	flags.IntVar(&f.SeqLen, "seq-len", 0, "tokens of a puzzle (default what the checkpoint says)")
	flags.StringToStringVar(&f.meta, "meta", nil, "`name=text` to note in the file; may be given more than once")
	_ = cmd.MarkFlagRequired("output")
	return cmd
}

func (f *importFlags) run(cmd *cobra.Command, path string) error {
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
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	c, err := checkpoint.Open(path, f.Options)
	if errors.Is(err, runtime.ErrConfig) && f.ConfigPath == "" {
		return fmt.Errorf("%w; another configuration can be given with --config FILE", err)
	}
	if err != nil {
		return err
	}
	defer c.Close()
	for _, note := range c.Notes {
		fmt.Fprintf(cmd.ErrOrStderr(), "hrm: %s\n", note)
	}
	bar := newProgress(cmd.ErrOrStderr(), -1, "importing")
	defer bar.Finish()
	if err := checkpoint.Convert(cmd.Context(), target.Path, c, f.meta); err != nil {
		return err
	}
	i, err := inspect(target.Path)
	if err != nil {
		return err
	}
	if err := target.Deliver(); err != nil {
		return err
	}
	_ = bar.Finish()
	_, err = fmt.Fprintf(target.Out(), "%s: %s %s, %s parameters, %s bytes\n",
		target, c.Config.Family, i.Task, thousands(i.Parameters), thousands(i.Bytes))
	return err
}
