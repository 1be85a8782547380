package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/solver"
)

type quantizeFlags struct {
	to             command.FormatValue
	out, data      string
	limit, threads int
	calibrate      []string
	calibrateLimit int
	json           bool
}

// quantizeReport is what hrm quantize prints; its JSON names are in the help.
type quantizeReport struct {
	From       string        `json:"from"`
	To         string        `json:"to"`
	Format     string        `json:"format"`
	Before     int64         `json:"bytes_before"`
	After      int64         `json:"bytes_after"`
	Calibrated int           `json:"calibrated_on,omitempty"` // puzzles
	Tensors    []tensorError `json:"tensors"`
	*agreement
}

type tensorError struct {
	Name     string  `json:"name"`
	MaxAbs   float64 `json:"max_abs"`
	Relative float64 `json:"relative"`
	Cosine   float64 `json:"cosine"`
	// of what the tensor multiplies, when calibrated
	Output  float64 `json:"output,omitempty"`
	Nearest float64 `json:"output_nearest,omitempty"`
}

// agreement is how the two models compare on puzzles.
type agreement struct {
	Puzzles   int            `json:"puzzles"`
	Segments  []segmentState `json:"segments"`
	SameHalt  float64        `json:"same_halting_segment"`
	SameEnd   float64        `json:"same_answer"`
	Exact     *float64       `json:"exact_accuracy,omitempty"`
	ExactThen *float64       `json:"exact_accuracy_before,omitempty"`

	cosines []struct{ h, l []float64 } // of each segment, one a puzzle
}

type segmentState struct {
	HMean   float64 `json:"zH_mean"`
	HMedian float64 `json:"zH_median"`
	HMin    float64 `json:"zH_min"`
	LMean   float64 `json:"zL_mean"`
	LMedian float64 `json:"zL_median"`
	LMin    float64 `json:"zL_min"`
}

func newQuantize() *cobra.Command {
	var f quantizeFlags
	cmd := &cobra.Command{
		Use:   "quantize MODEL --to FORMAT -o FILE",
		Short: "Make a model file smaller and faster, and measure what that costs",
		Long: `Write a model with the matrices of its levels as int8, with a scale for each row,
or as binary16 or bfloat16. Embeddings, heads and the puzzle table stay as they are. The
processor's kernels execute these formats: see the name of the backend in hrm
bench.

With --calibrate int8 numbers are not each the nearest: the model thinks about
puzzles first, and each matrix is rounded so that its products with what it
multiplied there change least (GPTQ). The format stays the same. Puzzles should be
like those that the model will see, hard and easy ones; give training data, not
what the result is judged by. A few mazes are enough, as one has many positions.

With --data the new model is compared with the old one on puzzles: both run all
segments of training, and the cosine of their states is taken after each.

--json prints one object: from, to, format, bytes_before, bytes_after, tensors
(name, max_abs, relative and cosine, of the error), with --calibrate
calibrated_on (puzzles) and for each tensor output and output_nearest (the
relative error of its products there, and what it would be with the nearest
numbers), and with --data puzzles, segments (zH_mean, zH_median, zH_min,
zL_mean, zL_median, zL_min: cosines over puzzles), same_halting_segment,
same_answer (shares of the puzzles), and where the data has answers
exact_accuracy and exact_accuracy_before.`,
		Example: `  hrm quantize model.hrm --to int8 -o small.hrm
  hrm quantize model.hrm --to int8 -o small.hrm --data valid.csv.gz --limit 200
  hrm quantize model.hrm --to int8 -o small.hrm --calibrate train.csv.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	command.AddFormat(cmd, &f.to, "int8", "`FORMAT`: %s", "int8", "fp16", "bf16")
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` to write, - for standard output")
	flags.StringArrayVar(&f.calibrate, "calibrate", nil, "`FILE` of puzzles to round for, int8 only; may be given more than once")
	flags.IntVar(&f.calibrateLimit, "calibrate-limit", 32, "use the first `N` puzzles of each --calibrate (0: all)")
	flags.StringVar(&f.data, "data", "", "`FILE` of puzzles to compare on")
	flags.IntVar(&f.limit, "limit", 100, "use the first `N` puzzles (0: all)")
	flags.IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *quantizeFlags) run(cmd *cobra.Command, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	m, file, err := native.Read(path)
	if err != nil {
		return err
	}
	defer file.Close()
	q, tensors, calibrated, err := f.convert(cmd.Context(), m, f.to.Format, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	q.Meta = f.note(q.Meta, calibrated)
	r := &quantizeReport{From: path, To: target.String(), Format: f.to.Name, Calibrated: calibrated}
	r.addTensors(tensors)
	if f.data != "" {
		if r.agreement, err = f.compare(cmd.Context(), m, q, cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	if r.Before, r.After, err = save(q, path, target); err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(target.Out()).Encode(r)
	}
	return r.print(target.Out())
}

// note returns a header's words with how the model was quantized.
func (f *quantizeFlags) note(meta map[string]string, calibrated int) map[string]string {
	out := map[string]string{}
	maps.Copy(out, meta)
	how := f.to.Name
	if calibrated > 0 {
		how += ", calibrated on " + count(calibrated, "puzzle")
	}
	out["quantized"] = how + "; an accuracy in this header was measured before"
	return out
}

func (r *quantizeReport) addTensors(tensors []runtime.TensorError) {
	for _, t := range tensors {
		r.Tensors = append(r.Tensors, tensorError{t.Name, t.Error.MaxAbs, t.Error.Relative, t.Error.Cosine, t.Output.Calibrated, t.Output.Nearest})
	}
}

// save writes the model and returns the sizes of the old file and of the new.
func save(m *runtime.Model, from string, to *command.Target) (before, after int64, err error) {
	place, err := native.Find(from)
	if err != nil {
		return 0, 0, err
	}
	if before, err = place.Size(); err != nil {
		return 0, 0, err
	}
	if err := m.Save(to.Path); err != nil {
		return 0, 0, err
	}
	if after, err = to.Size(); err != nil {
		return 0, 0, err
	}
	return before, after, to.Deliver()
}

// compare runs both models on the puzzles.
func (f *quantizeFlags) compare(ctx context.Context, before, after *runtime.Model, errOut io.Writer) (*agreement, error) {
	in, answers, err := readPuzzles(before, f.data, f.limit)
	if err != nil {
		return nil, err
	}
	want, err := cpu.New(before, cpu.Options{Threads: f.threads})
	if err != nil {
		return nil, err
	}
	defer want.Close()
	got, err := cpu.New(after, cpu.Options{Threads: f.threads})
	if err != nil {
		return nil, err
	}
	defer got.Close()
	bar := newProgress(errOut, len(in), "puzzles compared")
	defer bar.end()
	sum := newAgreement(before.Config.HaltMaxSteps)
	for i := range in {
		a, err := runtime.Compare(ctx, want, got, in[i:i+1], len(sum.Segments))
		if err != nil {
			return nil, err
		}
		sum.add(a, answers[i])
		bar.next("")
	}
	return sum.shares(), nil
}

// readPuzzles returns the first puzzles of a file, all for limit 0, and their
// answers, nil where there is none.
func readPuzzles(m *runtime.Model, path string, limit int) (in []runtime.Input, answers [][]int32, err error) {
	task, err := taskOf(m)
	if err != nil {
		return nil, nil, err
	}
	items, _ := files([]string{path}, task)
	for it := range items {
		if it.err != nil {
			return nil, nil, errors.New(it.because(it.err, task))
		}
		in, answers = append(in, solver.Input(&it.Puzzle)), append(answers, it.Answer)
		if len(in) == limit {
			break
		}
	}
	if len(in) == 0 {
		return nil, nil, fmt.Errorf("%s: no puzzles", path)
	}
	return in, answers, nil
}

func newAgreement(segments int) *agreement {
	return &agreement{
		Segments: make([]segmentState, segments), cosines: make([]struct{ h, l []float64 }, segments),
		Exact: new(float64), ExactThen: new(float64),
	}
}

// add adds one puzzle. One without an answer leaves nothing to say of accuracy.
func (a *agreement) add(p *runtime.Agreement, answer []int32) {
	a.Puzzles++
	a.SameHalt += float64(p.SameHalt)
	a.SameEnd += float64(p.SameEnd)
	for i, s := range p.Segments {
		t := &a.cosines[i]
		t.h, t.l = append(t.h, s.HMean), append(t.l, s.LMean)
	}
	if answer == nil {
		a.Exact, a.ExactThen = nil, nil
	}
	if a.Exact != nil && exact(p.Got[0], answer) {
		*a.Exact++
	}
	if a.ExactThen != nil && exact(p.Want[0], answer) {
		*a.ExactThen++
	}
}

// exact tells whether every token is right; token 0 of an answer is not scored.
func exact(got, answer []int32) bool {
	for i, want := range answer {
		if want != 0 && got[i] != want {
			return false
		}
	}
	return true
}

// shares turns sums over puzzles into shares, and cosines into what is told of them.
func (a *agreement) shares() *agreement {
	n := float64(a.Puzzles)
	a.SameHalt, a.SameEnd = a.SameHalt/n, a.SameEnd/n
	if a.Exact != nil {
		*a.Exact, *a.ExactThen = *a.Exact/n, *a.ExactThen/n
	}
	for i, c := range a.cosines {
		s := &a.Segments[i]
		s.HMean, s.HMedian, s.HMin = spread(c.h)
		s.LMean, s.LMedian, s.LMin = spread(c.l)
	}
	return a
}

// spread sorts values, at least one.
func spread(values []float64) (mean, median, least float64) {
	slices.Sort(values)
	for _, v := range values {
		mean += v / float64(len(values))
	}
	half := len(values) / 2
	return mean, (values[half] + values[(len(values)-1)/2]) / 2, values[0]
}

func (r *quantizeReport) print(out io.Writer) error {
	fmt.Fprintf(out, "%s: %s bytes, was %s (%.2f times as small)\n\n", r.To, thousands(r.After), thousands(r.Before), float64(r.Before)/float64(r.After))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "tensor\tlargest error\trelative\tcosine")
	if r.Calibrated > 0 {
		fmt.Fprint(w, "\tof products\tto nearest")
	}
	fmt.Fprintln(w)
	for _, t := range r.Tensors {
		fmt.Fprintf(w, "%s\t%.3g\t%.3g\t%.6f", t.Name, t.MaxAbs, t.Relative, t.Cosine)
		if r.Calibrated > 0 {
			fmt.Fprintf(w, "\t%.3g\t%.3g", t.Output, t.Nearest)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil || r.agreement == nil {
		return err
	}
	return r.agreement.print(out)
}

func (a *agreement) print(out io.Writer) error {
	fmt.Fprintf(out, "\ncosine of the states, over %s\n", count(a.Puzzles, "puzzle"))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "segment\tzH mean\tmedian\tleast\tzL mean\tmedian\tleast\t")
	for i, s := range a.Segments {
		fmt.Fprintf(w, "%d\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\t\n", i+1, s.HMean, s.HMedian, s.HMin, s.LMean, s.LMedian, s.LMin)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nsame halting segment  %.2f %%\nsame answer           %.2f %%\n", 100*a.SameHalt, 100*a.SameEnd)
	if a.Exact != nil {
		fmt.Fprintf(out, "exact accuracy        %.2f %%, was %.2f %% (%+.2f points)\n", 100**a.Exact, 100**a.ExactThen, 100*(*a.Exact-*a.ExactThen))
	}
	return nil
}
