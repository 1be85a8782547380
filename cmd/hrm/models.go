package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/native/pull"
	"github.com/hrmgo/hrm/runtime/weights"
)

// modelEntry is what hrm models says about a model that has a name.
type modelEntry struct {
	Name       string         `json:"name"`
	Embedded   bool           `json:"embedded"`
	Path       string         `json:"path,omitempty"`
	Task       string         `json:"task"`
	TaskSpec   map[string]any `json:"task_spec,omitempty"`
	Bytes      int64          `json:"bytes"`
	Parameters int64          `json:"parameters"`
	Exact      string         `json:"validation_exact_accuracy,omitempty"`
	Setting    string         `json:"validation_setting,omitempty"`
	Preset     string         `json:"preset,omitempty"`
	Steps      string         `json:"steps,omitempty"`
	Licence    string         `json:"licence,omitempty"`
	Card       string         `json:"card,omitempty"`
	From       string         `json:"pulled_from,omitempty"`
	Problem    string         `json:"problem,omitempty"` // why the file cannot be used
}

func newModels() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the models that have a name",
		Long: `List the models that have a name: those that hrm carries and those that hrm pull
fetched, with the task that each solves, its size, the accuracy that its header
states, its licence, and where it is from. A name stands for the model wherever a
file does: hrm solve --model NAME. Without a model hrm solve takes the embedded one
for --task, or for what the input looks like.

--json prints one array of objects: name, embedded, path, task, task_spec, bytes,
parameters, validation_exact_accuracy, validation_setting, preset, steps, licence,
card, pulled_from, and problem where a file cannot be used.`,
		Example: "  hrm models\n  hrm models export sudoku -o sudoku.hrm\n  hrm models remove HRM-checkpoint-sudoku-extreme",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries, err := modelEntries()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(entries)
			}
			if err := printModels(cmd.OutOrStdout(), entries); err != nil {
				return err
			}
			return printUnfinished(cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	cmd.AddCommand(newModelsExport(), newModelsRemove())
	return cmd
}

// modelEntries describes the embedded models and those in the cache. Of what cannot be
// read it says so: the others are as good as before.
func modelEntries() ([]modelEntry, error) {
	pulled, err := cache.Names()
	if err != nil {
		return nil, err
	}
	var entries []modelEntry
	for _, e := range embedded.Models {
		entries = append(entries, describeModel(modelEntry{Name: e.Name, Embedded: true}))
	}
	for _, name := range pulled {
		path, _ := cache.Lookup(name)
		entries = append(entries, describeModel(modelEntry{Name: name, Path: path}))
	}
	return entries, nil
}

// describeModel adds what the header says of a model, or why there is none.
func describeModel(e modelEntry) modelEntry {
	i, err := summary(e.Name)
	if err != nil {
		e.Problem = err.Error()
		return e
	}
	e.Task, e.TaskSpec, e.Bytes, e.Parameters = i.Task, i.TaskSpec, i.Bytes, i.Parameters
	e.Exact, e.Setting = i.Meta["validation_exact_accuracy"], i.Meta["validation_setting"]
	e.Preset, e.Steps = i.Meta["preset"], i.Meta["steps"]
	e.Licence, e.From, e.Card = i.Meta[metaLicence], i.Meta[metaFrom], i.Card
	return e
}

// summary is what the header of a model says that has a name.
func summary(name string) (*inspection, error) {
	place, err := native.Named(name)
	if err != nil {
		return nil, err
	}
	f, file, err := place.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return newInspection(place, f)
}

// printModels prints a line for each model, and below it on what it was measured and
// where it is from, in 80 columns.
func printModels(out io.Writer, entries []modelEntry) error {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTASK\tBYTES\tPARAMETERS\tEXACT\tLICENCE")
	for _, e := range entries {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", e.Name, orDash(e.Task), thousands(e.Bytes), thousands(e.Parameters), orDash(e.Exact), orDash(e.Licence))
	}
	w.Flush()
	for i, line := range strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n") {
		fmt.Fprintln(out, line)
		if i > 0 {
			entries[i-1].details(out)
		}
	}
	return nil
}

// details prints the sentences about a model.
func (e *modelEntry) details(out io.Writer) {
	from := e.From
	if e.Preset != "" {
		from = fmt.Sprintf("hrm-train run --preset %s, %s steps", e.Preset, e.Steps)
	}
	for _, line := range []struct{ what, text string }{{"unusable: ", e.Problem}, {"measured on ", e.Setting}, {"from ", from}, {"see ", e.Card}} {
		if line.text == "" {
			continue
		}
		for i, part := range wrap(line.what+line.text, 76) {
			fmt.Fprintf(out, "  %s%s\n", strings.Repeat(" ", 2*min(i, 1)), part)
		}
	}
}

// printUnfinished says which downloads take room without being a model.
func printUnfinished(errOut io.Writer) error {
	left, err := pull.ListUnfinished()
	for _, u := range left {
		fmt.Fprintf(errOut, "hrm: %s bytes of %s are no model yet: hrm pull %s goes on, and hrm models remove %s gives the room back\n", thousands(u.Bytes), u.Source(), u.Source(), u.Source())
	}
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// removeModel removes a model that was fetched, or what there is of a download.
func removeModel(name string) error {
	if isEmbedded(name) {
		return fmt.Errorf("%s is part of hrm and cannot be removed", name)
	}
	left, err := pull.ListUnfinished()
	if err != nil {
		return err
	}
	found := false
	for _, u := range left {
		if u.Is(name) {
			found, err = true, errors.Join(err, u.Remove())
		}
	}
	if found {
		return err
	}
	return cache.Remove(name)
}

func isEmbedded(name string) bool {
	return slices.ContainsFunc(embedded.Models, func(e embedded.Entry) bool { return e.Name == name })
}

func newModelsRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME...",
		Aliases: []string{"rm"},
		Short:   "Remove models that hrm pull fetched, or what is left of a download by its source",
		Example: "  hrm models remove HRM-checkpoint-sudoku-extreme",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			for _, name := range names {
				if err := removeModel(name); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: removed\n", name)
			}
			return nil
		},
	}
}

func newModelsExport() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "export NAME",
		Short:   "Write a model that has a name as a .hrm file",
		Example: "  hrm models export sudoku -o sudoku.hrm",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return exportModel(cmd, args[0], out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write, - for standard output")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func exportModel(cmd *cobra.Command, name, out string) error {
	place, err := native.Named(name)
	if err != nil {
		return err
	}
	target, err := command.NewTarget(cmd, out)
	if err != nil {
		return err
	}
	defer target.Discard()
	data, err := place.Open()
	if err != nil {
		return err
	}
	defer data.Close()
	var n int64
	err = weights.ReplaceFile(target.Path, func(w io.Writer) (err error) {
		n, err = io.Copy(w, data)
		return err
	})
	if err != nil {
		return err
	}
	if err := target.Deliver(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(target.Out(), "%s: the model %s, %s bytes\n", target, name, thousands(n))
	return err
}
