package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/solver"
)

// inspection is what hrm inspect prints; its JSON names are in the help.
type inspection struct {
	Path        string            `json:"path"`
	Bytes       int64             `json:"bytes"`
	Version     int               `json:"version"`
	Task        string            `json:"task"`
	TaskSpec    map[string]any    `json:"task_spec,omitempty"`
	Card        string            `json:"card,omitempty"`
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
		Use:   "inspect MODEL",
		Short: "Print what a model file holds",
		Long: `Print in a few lines what a .hrm file is, and below its configuration, the rest of
its header and its tensors; check its data against the hash and its tensors against
the configuration.

Parameters are those that training changes, without the puzzle table.

--json prints one object: path, bytes, version, task, card (where more is said about
it), meta, config, layer (what each layer does), rows and cols (of its own grid),
any_shape (whether puzzles may have other grids), parameters,
puzzle_table_parameters, sha256_ok, problem (why no model can be made of it, absent
when one can), tensors (name, dtype, shape, bytes).

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
	place, err := native.Find(path)
	if err != nil {
		return nil, err
	}
	f, file, err := place.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	i, err := newInspection(place, f)
	if err != nil {
		return nil, err
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
	i.describe()
	return i, nil
}

// newInspection holds what the header says.
func newInspection(place native.Place, f *weights.File) (*inspection, error) {
	i := &inspection{
		Path: place.String(), Version: f.Header.Version, Task: f.Header.Task, TaskSpec: f.Header.TaskSpec,
		Card: cardOf(place, f.Header.Meta), Meta: f.Header.Meta, Config: f.Header.Config, HashOK: true,
	}
	for _, t := range f.Tensors() {
		i.add(t)
	}
	var err error
	i.Bytes, err = place.Size()
	return i, err
}

// cardOf is the address of a model's card: what its header says (meta "card"), and of
// an embedded model its page in the project.
func cardOf(place native.Place, meta map[string]string) string {
	if place.Path == "" {
		return "https://github.com/hrmgo/hrm/blob/main/docs/cards/" + place.Name + ".md"
	}
	return meta["card"]
}

// describe says what the configuration comes to, when it is one.
func (i *inspection) describe() {
	c, err := runtime.ParseConfig(i.Config)
	if err != nil {
		return
	}
	grid := c.Grid()
	i.Rows, i.Cols, i.AnyShape = grid.Rows, grid.Cols, c.AnyShape() && i.taskSizes(&c)
	for _, s := range c.Sublayers() {
		i.Layer = append(i.Layer, sublayer(&c, s))
	}
}

// taskSizes reports whether puzzles of the task come in sizes, as far as anybody knows.
func (i *inspection) taskSizes(c *runtime.Config) bool {
	t, err := solver.TaskOf(&runtime.Model{Config: *c, Task: i.Task, TaskSpec: i.TaskSpec})
	_, sizes := t.(puzzle.Sizer)
	return err != nil || sizes
}

// sublayer says what one step of a layer is, with its sizes.
func sublayer(c *runtime.Config, s runtime.Sublayer) string {
	switch s {
	case runtime.Convolution:
		return fmt.Sprintf("%v %d x %d", s, c.Conv, c.Conv)
	case runtime.Attention:
		text := fmt.Sprintf("%v, %s", s, count(c.Heads, "head"))
		if c.Positions != runtime.NoPos {
			text += fmt.Sprintf(", positions by %s", c.Positions)
		}
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

// someNames returns the first of the names of a puzzle table's rows.
func someNames(lines string) string {
	const most = 160 // characters
	names := []rune(strings.ReplaceAll(lines, "\n", ", "))
	if len(names) <= most {
		return string(names)
	}
	return string(names[:most]) + "... (--json lists all)"
}

func (i *inspection) print(out io.Writer) error {
	if err := i.summary(out); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nconfig\t")
	for _, k := range slices.Sorted(maps.Keys(i.Config)) {
		fmt.Fprintf(w, "  %s\t%v\n", k, i.Config[k])
	}
	for _, k := range slices.Sorted(maps.Keys(i.TaskSpec)) {
		fmt.Fprintf(w, "  task_spec.%s\t%v\n", k, i.TaskSpec[k])
	}
	if len(i.Meta) > 0 {
		fmt.Fprintln(w, "\nmeta\t")
	}
	for _, k := range slices.Sorted(maps.Keys(i.Meta)) {
		text := strings.ReplaceAll(strings.TrimSpace(i.Meta[k]), "\n", "\n    ")
		if k == runtime.MetaPuzzles {
			text = someNames(i.Meta[k])
		}
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

// summary says in a few lines of 80 columns what the file is.
func (i *inspection) summary(out io.Writer) error {
	if _, err := fmt.Fprintln(out, i.title()); err != nil {
		return err
	}
	if i.Problem != "" { // in one piece, to be searched for
		fmt.Fprintf(out, "%-*s%s\n", summaryIndent, "problem", i.Problem)
	}
	for _, line := range []struct{ name, text string }{
		{"grid", i.grid()},
		{"each layer", strings.Join(i.Layer, "; ")},
		{"thinks", i.thinks()},
		{"reaches", i.reaches()},
		{"trained", i.trained()},
		{"note", i.Meta["quantized"]},
		{"says", i.Meta["labels"]},
		{"licence", i.Meta["licence"]},
		{"card", i.Card},
		{"file", fmt.Sprintf("version %d of the format, sha256 %s", i.Version, map[bool]string{true: "ok", false: "WRONG"}[i.HashOK])},
	} {
		if line.text == "" {
			continue
		}
		name := line.name
		for _, part := range wrap(line.text, 80-summaryIndent) {
			if _, err := fmt.Fprintf(out, "%-*s%s\n", summaryIndent, name, part); err != nil {
				return err
			}
			name = ""
		}
	}
	return nil
}

// summaryIndent is the width of the names in a summary.
const summaryIndent = 12

func (i *inspection) title() string {
	family, _ := i.Config["family"].(string)
	text := fmt.Sprintf("%s: a %s of %s parameters for %s, %s, %s bytes", i.Path, cmp.Or(strings.ToUpper(family), "model"),
		thousands(i.Parameters), cmp.Or(i.Task, "no task that it names"), i.format(), thousands(i.Bytes))
	if i.PuzzleTable > 0 {
		text += fmt.Sprintf(", and a puzzle table of %s", thousands(i.PuzzleTable))
	}
	return strings.Join(wrap(text, 80), "\n")
}

// format is the one of most weights.
func (i *inspection) format() string {
	sizes, most := map[string]int{}, ""
	for _, t := range i.Tensors {
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		if sizes[t.DType] += n; most == "" || sizes[t.DType] > sizes[most] {
			most = t.DType
		}
	}
	if f, ok := command.FormatOf(most); ok {
		return f
	}
	return most
}

func (i *inspection) grid() string {
	if len(i.Layer) == 0 {
		return ""
	}
	shape := "no other"
	relations, _ := i.Config["relations"].(string)
	switch {
	case !i.AnyShape:
	case i.Config["mixing"] == string(runtime.CandidateMixing):
		shape = fmt.Sprintf("or any other square grid with boxes, up to %d x %d", runtime.MaxDigits, runtime.MaxDigits)
	case relations != "":
		shape = "or any other of a " + relations
	default:
		shape = "or any other"
	}
	return fmt.Sprintf("%d x %d, %s", i.Rows, i.Cols, shape)
}

func (i *inspection) thinks() string {
	c, err := runtime.ParseConfig(i.Config)
	if err != nil {
		return ""
	}
	layers := fmt.Sprintf("%d layers", c.LLayers)
	if c.Family == runtime.HRM {
		layers = fmt.Sprintf("%d (H) and %d (L) layers", c.HLayers, c.LLayers)
	}
	return fmt.Sprintf("%s at most, each of %d x %d cycles (H x L) through %s, %d wide; stops when %s",
		count(c.HaltMaxSteps, "segment"), c.HCycles, c.LCycles, layers, c.Hidden, c.Rule())
}

// reaches says what was measured, by hrm-train, on each set.
func (i *inspection) reaches() string {
	const exact, setting = "validation_exact_accuracy", "validation_setting"
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(i.Meta)) {
		of, found := strings.CutPrefix(k, exact)
		if x, err := strconv.ParseFloat(i.Meta[k], 64); found && err == nil {
			parts = append(parts, fmt.Sprintf("%.2f %% exact (%s)", 100*x, cmp.Or(i.Meta[setting+of], "it does not say of what")))
		}
	}
	return strings.Join(parts, "; ")
}

func (i *inspection) trained() string {
	m := i.Meta
	if m["steps"] == "" {
		return ""
	}
	text := m["steps"] + " steps"
	if m["preset"] != "" {
		text += " of preset " + m["preset"]
	}
	if s, err := strconv.ParseFloat(m["training_seconds"], 64); err == nil && s >= 1 {
		text += fmt.Sprintf(", %v", (time.Duration(s) * time.Second))
	}
	if m["training_device"] != "" {
		text += " on " + m["training_device"]
	}
	return text
}

// wrap breaks text between words into lines of so many characters.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
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
func thousands(n int64) string { return command.Thousands(n) }
