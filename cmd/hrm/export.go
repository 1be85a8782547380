package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/onnx"
)

type exportFlags struct {
	out string
	to  command.FormatValue
	onnx.Options

	onnx, int8 bool // flags of the release before: ONNX is the one format, --to says int8
}

func newExport() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export [MODEL] -o FILE",
		Short: "Write a model as an ONNX graph of one segment",
		Long: `Write the weights of a .hrm file (default the embedded model) as an ONNX graph of
one segment, for programs that have an ONNX runtime. The batch is open; S tokens,
P positions and D channels are the model's.

Opset 23, the default, needs ONNX Runtime 1.23 or later. --opset 17 (13 to 23) is
for older runtimes, such as onnxruntime-web 1.18: it writes the operators that
came later out in older ones, which is slower.

Inputs:
  tokens     int32 [batch, S]
  puzzle_id  int32 [batch], a row of the puzzle table, where the model has one
  reset      bool  [batch], true in lanes that start a puzzle: their zH and zL
             are ignored
  zH, zL     float [batch, P, D], zH_next and zL_next of the segment before
Outputs: zH_next, zL_next; logits, float [batch, S, vocabulary], whose argmax is
the answer; q_halt and q_continue, float [batch]. HRM halts when q_halt >
q_continue, TRM when q_halt > 0, unless the model has a halt_rule of its own; the
file's description says which.

The graph has the format of the model, float32 where that is fp16 or bf16, or the
one that --to says. With int8 the matrices of the levels have a scale for each
output channel (those of an int8 model are taken as they are), and activations are
quantised as they come, with one scale for the whole batch: answers then depend a
little on what else is in it. An ONNX file holds less than 2 GiB; --puzzle-input leaves a large puzzle
table out, and takes puzzle_embedding, float [batch, puzzle_emb_ndim], instead
of puzzle_id.

The new file appears complete or not at all, in place of one of that name.`,
		Example: `  hrm export sudoku.hrm -o segment.onnx
  hrm export sudoku.hrm -o segment.onnx --to fp32
  hrm export sudoku.hrm -o segment.onnx --opset 17`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	command.AddFormat(cmd, &f.to, "", "`FORMAT` of the matrices: %s (default the model's)", "int8", "fp32")
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` to write, - for standard output")
	flags.IntVar(&f.Opset, "opset", onnx.NewestOpset, "version of ONNX's operators, `N` from 13 to 23")
	flags.BoolVar(&f.PuzzleInput, "puzzle-input", false, "take the puzzle's embedding as an input instead of holding the table")
	flags.BoolVar(&f.onnx, "onnx", false, "")
	flags.BoolVar(&f.int8, "int8", false, "")
	_ = errors.Join(flags.MarkHidden("onnx"), flags.MarkHidden("int8"))
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *exportFlags) run(cmd *cobra.Command, args []string) error {
	m, file, err := modelArg(args)
	if err != nil {
		return err
	}
	defer file.Close()
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	f.Int8 = f.to.Name == "int8" || f.int8 || f.to.Name == "" && formatOf(m) == quantize.I8
	if f.PuzzleInput && m.Config.PuzzleEmbDim == 0 {
		return errors.New("--puzzle-input, but the model has no puzzle table")
	}
	err = onnx.WriteFile(cmd.Context(), target.Path, m, f.Options)
	if errors.Is(err, onnx.ErrTooLarge) && m.Config.PuzzleEmbDim > 0 && !f.PuzzleInput {
		return fmt.Errorf("%w; --puzzle-input leaves the puzzle table out", err)
	}
	if err != nil {
		return err
	}
	size, err := target.Size()
	if err != nil {
		return err
	}
	if err := target.Deliver(); err != nil {
		return err
	}
	precision := "float32"
	if f.Int8 {
		precision = "int8"
	}
	_, err = fmt.Fprintf(target.Out(), "%s: a segment of %s %s, %s, %s bytes\n", target, m.Config.Family, m.Task, precision, thousands(size))
	return err
}

// modelArg opens the model that a command names, or the embedded one.
func modelArg(args []string) (*runtime.Model, io.Closer, error) {
	if len(args) == 0 {
		m, err := native.Default()
		return m, io.NopCloser(nil), err
	}
	return native.Read(args[0])
}
