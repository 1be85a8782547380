package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

type quantizeFlags struct {
	to, out, data  string
	limit, threads int
	json           bool
}

func newQuantize() *cobra.Command {
	var f quantizeFlags
	cmd := &cobra.Command{
		Use:   "quantize FILE --to int8 -o FILE",
		Short: "Make a smaller model file, and say what it costs",
		Long: `Write a model with the matrices of its levels in a smaller format, and report the
error. Embeddings, heads and the puzzle table stay as they are.

  int8   8 bits and a scale for each row of a matrix
  fp16   IEEE 754 binary16
  bf16   the upper half of a float32

Without --data the report has the error of each tensor: largest, relative (2-norm
of the difference by 2-norm of the original) and the cosine of the two. With
--data both models run the puzzles too, and the report has the cosine of their
states after each segment, and how often they halt at the same segment, answer
the same, and answer right.

--json prints one object: to, bytes_before, bytes_after, tensors (name, max_abs,
relative, cosine), and with --data: puzzles, segments (h_mean, h_min, l_mean,
l_min: the cosines), same_halt, same_answer, exact_before, exact_after (shares).`,
		Example: `  hrm quantize sudoku.hrm --to int8 -o sudoku-int8.hrm --data valid.csv.gz --limit 100`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "int8, fp16 or bf16")
	flags.StringVarP(&f.out, "output", "o", "", "`FILE` to write")
	flags.StringVar(&f.data, "data", "", "`FILE` of puzzles with answers to compare the models on")
	flags.IntVar(&f.limit, "limit", 100, "use the first `N` puzzles")
	flags.IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	_ = cmd.MarkFlagRequired("to")
	_ = cmd.MarkFlagRequired("output")
	return cmd
}

// quantizeReport is what hrm quantize prints; its JSON names are in the help.
type quantizeReport struct {
	To       string         `json:"to"`
	Before   int64          `json:"bytes_before"`
	After    int64          `json:"bytes_after"`
	Tensors  []tensorError  `json:"tensors"`
	Puzzles  int            `json:"puzzles,omitempty"`
	Segments []stateCosines `json:"segments,omitempty"`
	*Shares
}

type tensorError struct {
	Name     string  `json:"name"`
	MaxAbs   float64 `json:"max_abs"`
	Relative float64 `json:"relative"`
	Cosine   float64 `json:"cosine"`
}

type stateCosines struct {
	HMean float64 `json:"h_mean"`
	HMin  float64 `json:"h_min"`
	LMean float64 `json:"l_mean"`
	LMin  float64 `json:"l_min"`
}

// Shares of the puzzles on which the two models agree, and are right.
type Shares struct {
	SameHalt    float64 `json:"same_halt"`
	SameAnswer  float64 `json:"same_answer"`
	ExactBefore float64 `json:"exact_before"`
	ExactAfter  float64 `json:"exact_after"`
}

func (f *quantizeFlags) run(cmd *cobra.Command, path string) error {
	format, ok := map[string]quantize.Format{"int8": quantize.I8, "fp16": quantize.F16, "bf16": quantize.BF16}[f.to]
	if !ok {
		return fmt.Errorf("--to is %q, want int8, fp16 or bf16", f.to)
	}
	before, file, err := (&modelFlags{path: path}).open()
	if err != nil {
		return err
	}
	defer file.Close()
	after, errs, err := before.Convert(format)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	after.Meta = maps.Clone(before.Meta)
	if after.Meta == nil {
		after.Meta = map[string]string{}
	}
	after.Meta["quantized"] = f.to
	r := &quantizeReport{To: f.to}
	for _, e := range errs {
		r.Tensors = append(r.Tensors, tensorError{e.Name, e.Error.MaxAbs, e.Error.Relative, e.Error.Cosine})
	}
	if f.data != "" {
		if err := f.compare(cmd, r, before, after); err != nil {
			return err
		}
	}
	if err := after.Save(f.out); err != nil {
		return err
	}
	r.Before, r.After = fileSize(path), fileSize(f.out)
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	}
	return r.print(cmd.OutOrStdout())
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// compare runs puzzles on both models.
func (f *quantizeFlags) compare(cmd *cobra.Command, r *quantizeReport, before, after *runtime.Model) error {
	task, err := taskOf(before)
	if err != nil {
		return err
	}
	e := evalFlags{data: []string{f.data}, limit: f.limit}
	items, err := e.read(&loaded{task: task}, cmd.InOrStdin(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	var in []runtime.Input
	var labels [][]int32
	for _, it := range items {
		if it.err == nil {
			in = append(in, runtime.Input{Tokens: it.Question, PuzzleID: it.ID})
			labels = append(labels, it.Answer)
		}
	}
	want, err := cpu.New(before, cpu.Options{Threads: f.threads})
	if err != nil {
		return err
	}
	defer want.Close()
	got, err := cpu.New(after, cpu.Options{Threads: f.threads})
	if err != nil {
		return err
	}
	defer got.Close()
	a, err := runtime.Compare(cmd.Context(), want, got, in, before.Config.HaltMaxSteps)
	if err != nil {
		return err
	}
	r.add(a, labels)
	return nil
}

func (r *quantizeReport) add(a *runtime.Agreement, labels [][]int32) {
	for _, s := range a.Segments {
		r.Segments = append(r.Segments, stateCosines{s.HMean, s.HMin, s.LMean, s.LMin})
	}
	n := float64(a.Puzzles)
	r.Puzzles = a.Puzzles
	r.Shares = &Shares{SameHalt: float64(a.SameHalt) / n, SameAnswer: float64(a.SameEnd) / n}
	for i, label := range labels {
		exactBefore, _ := compare(label, a.Want[i])
		exactAfter, _ := compare(label, a.Got[i])
		r.ExactBefore += truth(exactBefore) / n
		r.ExactAfter += truth(exactAfter) / n
	}
}

func (r *quantizeReport) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "tensor\tlargest error\trelative\tcosine")
	for _, t := range r.Tensors {
		fmt.Fprintf(w, "%s\t%.2g\t%.2g\t%.6f\n", t.Name, t.MaxAbs, t.Relative, t.Cosine)
	}
	if r.Shares != nil {
		fmt.Fprintln(w, "\nsegment\tcosine of zH (least)\tof zL (least)\t")
		for i, s := range r.Segments {
			fmt.Fprintf(w, "%d\t%.5f (%.5f)\t%.5f (%.5f)\t\n", i+1, s.HMean, s.HMin, s.LMean, s.LMin)
		}
		fmt.Fprintf(w, "\n%s: halt at the same segment %s, same answer %s, exact %s before and %s after\n",
			count(r.Puzzles, "puzzle"), percent(r.SameHalt), percent(r.SameAnswer), percent(r.ExactBefore), percent(r.ExactAfter))
	}
	fmt.Fprintf(w, "\n%s bytes before, %s after (%s)\n", thousands(r.Before), thousands(r.After), r.To)
	return w.Flush()
}
