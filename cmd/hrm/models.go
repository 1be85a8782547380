package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime/weights"
)

// modelEntry is what hrm models says about an embedded model.
type modelEntry struct {
	Name       string         `json:"name"`
	Task       string         `json:"task"`
	TaskSpec   map[string]any `json:"task_spec,omitempty"`
	Bytes      int            `json:"bytes"`
	Parameters int64          `json:"parameters"`
	Exact      string         `json:"validation_exact_accuracy"`
	Setting    string         `json:"validation_setting"`
	Preset     string         `json:"preset"`
	Steps      string         `json:"steps"`
}

func newModels() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the models that hrm carries",
		Long: `List the embedded models: the task that each solves, its size, the accuracy that
its header states, and how it was trained. hrm solve takes the one for --task, or
for what the input looks like.`,
		Example: "  hrm models\n  hrm models export sudoku -o sudoku.hrm",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries, err := modelEntries()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(entries)
			}
			return printModels(cmd.OutOrStdout(), entries)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	cmd.AddCommand(newModelsExport())
	return cmd
}

func modelEntries() ([]modelEntry, error) {
	var entries []modelEntry
	for _, e := range embedded.Models {
		f, err := weights.Parse(e.File)
		if err != nil {
			return nil, fmt.Errorf("embedded model %s: %w", e.Name, err)
		}
		var i inspection
		for _, t := range f.Tensors() {
			i.add(t)
		}
		h := f.Header
		entries = append(entries, modelEntry{
			Name: e.Name, Task: h.Task, TaskSpec: h.TaskSpec, Bytes: len(e.File), Parameters: i.Parameters,
			Exact: h.Meta["validation_exact_accuracy"], Setting: h.Meta["validation_setting"],
			Preset: h.Meta["preset"], Steps: h.Meta["steps"],
		})
	}
	return entries, nil
}

func printModels(out io.Writer, entries []modelEntry) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTASK\tBYTES\tPARAMETERS\tEXACT\tMEASURED ON\tMADE BY")
	for _, e := range entries {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\thrm-train run --preset %s, %s steps\n",
			e.Name, e.Task, thousands(int64(e.Bytes)), thousands(e.Parameters), e.Exact, e.Setting, e.Preset, e.Steps)
	}
	return w.Flush()
}

func newModelsExport() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "export NAME",
		Short:   "Write an embedded model as a .hrm file",
		Example: "  hrm models export sudoku -o sudoku.hrm",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := native.Embedded(args[0]); err != nil {
				return err
			}
			target, err := command.NewTarget(cmd, out)
			if err != nil {
				return err
			}
			defer target.Discard()
			data := embedded.For(args[0])
			err = weights.ReplaceFile(target.Path, func(w io.Writer) error {
				_, err := w.Write(data)
				return err
			})
			if err != nil {
				return err
			}
			if err := target.Deliver(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(target.Out(), "%s: the embedded model for %s, %s bytes\n", target, args[0], thousands(int64(len(data))))
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "`FILE` to write, - for standard output")
	_ = cmd.MarkFlagRequired("output")
	return cmd
}
