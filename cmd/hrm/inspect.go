package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// inspection is what hrm inspect prints; its JSON names are in the help.
type inspection struct {
	Path        string            `json:"path"`
	Bytes       int64             `json:"bytes"`
	Version     int               `json:"version"`
	Task        string            `json:"task"`
	TaskSpec    map[string]any    `json:"task_spec,omitempty"`
	Meta        map[string]string `json:"meta"`
	Config      map[string]any    `json:"config"`
	Layer       []string          `json:"layer,omitempty"`
	Rows        int               `json:"rows,omitempty"`
	Cols        int               `json:"cols,omitempty"`
	AnyShape    bool              `json:"any_shape"`
	Parameters  int64             `json:"parameters"`
	PuzzleTable int64             `json:"puzzle_table_parameters"`
	HashOK      bool              `json:"sha256_ok"`
	Problem     string            `json:"problem,omitempty"`
	Tensors     []tensorInfo      `json:"tensors"`
}

type tensorInfo struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	Bytes int    `json:"bytes"`
}

func newInspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Print what a model file holds",
		Long: `Print the header of a .hrm file, its configuration and its tensors, and check
its data against the hash and its tensors against the configuration.

Parameters are those that training changes, without the puzzle table.

--json prints one object: path, bytes, version, task, meta, config, layer (what each
layer does), rows and cols (of its own grid), any_shape (whether puzzles may have
other grids), parameters,
puzzle_table_parameters, sha256_ok, problem (why no model can be made of it,
absent when one can), tensors (name, dtype, shape, bytes).

Exit status: 0 a sound model; 1 readable, but the hash is wrong or the tensors do
not make a model; 2 no .hrm file.`,
		Example: `  hrm inspect model.hrm
  hrm inspect --json model.hrm | jq .meta`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := inspect(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(i)
			} else {
				err = i.print(cmd.OutOrStdout())
			}
			if err == nil && (!i.HashOK || i.Problem != "") {
				err = exit(statusFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func inspect(path string) (*inspection, error) {
	f, file, err := native.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	i := &inspection{
		Path: path, Version: f.Header.Version, Task: f.Header.Task, TaskSpec: f.Header.TaskSpec,
		Meta: f.Header.Meta, Config: f.Header.Config, HashOK: true,
	}
	if info, err := os.Stat(path); err == nil {
		i.Bytes = info.Size()
	}
	err = native.Guard(file, func() error {
		if err := f.VerifyHash(); err != nil {
			i.HashOK, i.Problem = false, err.Error()
		} else if _, err := runtime.Load(f); err != nil {
			i.Problem = err.Error()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range f.Tensors() {
		i.add(t)
	}
	i.describe()
	return i, nil
}

// describe says what the configuration comes to, when it is one.
func (i *inspection) describe() {
	c, err := runtime.ParseConfig(i.Config)
	if err != nil {
		return
	}
	grid := c.Grid()
	i.Rows, i.Cols, i.AnyShape = grid.Rows, grid.Cols, c.AnyShape()
	for _, s := range c.Sublayers() {
		i.Layer = append(i.Layer, sublayer(&c, s))
	}
}

// sublayer says what one step of a layer is, with its sizes.
func sublayer(c *runtime.Config, s runtime.Sublayer) string {
	switch s {
	case runtime.Convolution:
		return fmt.Sprintf("%v %d x %d", s, c.Conv, c.Conv)
	case runtime.Attention:
		text := fmt.Sprintf("%v, %s, positions by %s", s, count(c.Heads, "head"), c.Positions)
		if c.Relations != "" {
			text += ", relations of a " + c.Relations
		}
		return text
	case runtime.PositionSwiGLU:
		return fmt.Sprintf("%v, %d wide", s, c.InterT())
	case runtime.SwiGLU:
		return fmt.Sprintf("%v, %d wide", s, c.Inter())
	}
	return s.String()
}

// add counts one tensor.
func (i *inspection) add(t weights.Tensor) {
	i.Tensors = append(i.Tensors, tensorInfo{t.Name, t.DType.String(), t.Shape, len(t.Bytes)})
	switch {
	case t.Name == "puzzle_emb.weights":
		i.PuzzleTable = int64(t.Len())
	case runtime.IsParameter(t.Name):
		i.Parameters += int64(t.Len())
	}
}

func (i *inspection) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "file\t%s, %s bytes, version %d\n", i.Path, thousands(i.Bytes), i.Version)
	fmt.Fprintf(w, "task\t%s\n", i.Task)
	for _, k := range slices.Sorted(maps.Keys(i.TaskSpec)) {
		fmt.Fprintf(w, "  %s\t%v\n", k, i.TaskSpec[k])
	}
	fmt.Fprintf(w, "parameters\t%s\n", thousands(i.Parameters))
	if i.PuzzleTable > 0 {
		fmt.Fprintf(w, "puzzle table\t%s\n", thousands(i.PuzzleTable))
	}
	if len(i.Layer) > 0 {
		shape := "no other"
		if i.AnyShape {
			shape = "or any other"
		}
		if relations, ok := i.Config["relations"].(string); ok && relations != "" {
			shape += " of a " + relations
		}
		fmt.Fprintf(w, "grid\t%d x %d, %s\n", i.Rows, i.Cols, shape)
		fmt.Fprintf(w, "each layer\t%s\n", strings.Join(i.Layer, "; "))
	}
	fmt.Fprintf(w, "sha256\t%s\n", map[bool]string{true: "ok", false: "WRONG"}[i.HashOK])
	if i.Problem != "" {
		fmt.Fprintf(w, "problem\t%s\n", i.Problem)
	}
	fmt.Fprintln(w, "\nconfig\t")
	for _, k := range slices.Sorted(maps.Keys(i.Config)) {
		fmt.Fprintf(w, "  %s\t%v\n", k, i.Config[k])
	}
	if len(i.Meta) > 0 {
		fmt.Fprintln(w, "\nmeta\t")
	}
	for _, k := range slices.Sorted(maps.Keys(i.Meta)) {
		text := strings.ReplaceAll(strings.TrimSpace(i.Meta[k]), "\n", "\n    ")
		if strings.Contains(text, "\n") {
			text = "\n    " + text
		}
		fmt.Fprintf(w, "  %s\t%s\n", k, text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return i.printTensors(out)
}

func (i *inspection) printTensors(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ntensor\tdtype\tshape\tbytes")
	for _, t := range i.Tensors {
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\n", t.Name, t.DType, t.Shape, thousands(int64(t.Bytes)))
	}
	return w.Flush()
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
