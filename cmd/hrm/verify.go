package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/golden"
)

type verifyFlags struct {
	checkpointFlags
	checkpoint  string
	cases       []string
	threads     int
	json, quiet bool
}

func newVerify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [--checkpoint PATH --case] DIR...",
		Short: "Compare this machine's arithmetic with reference cases",
		Long: `Run reference cases from their own checkpoints and compare every tensor that the
reference recorded, the answers and the halting decisions. A case is a folder
with a checkpoint, index.json and the tensors' files.

With --checkpoint the weights are your own, as hrm import or --model takes them, and a
case is what bench/pytorch/case.py writes, which runs the reference's own code on them;
docs/verify.md says how, and what a case is. Its bounds grow with the numbers.

It prints the largest absolute error of each tensor beside its bound, and one
line a case.

--json prints one object a line for every case: case, backend, ok, problem,
tokens, wrong_tokens, halts, wrong_halts, untraced (recorded layers that were not
compared), and tensors (name, error, null when it is no number, bound, ok).

Exit status: 0 all agree; 1 some case does not; 2 some folder is no case.`,
		Example: `  hrm verify ../shared/golden/*/
  HRM_KERNELS=generic hrm verify --quiet case/
  hrm verify --checkpoint HRM-checkpoint-sudoku-extreme --case case`,
		RunE: func(cmd *cobra.Command, dirs []string) error { return f.run(cmd, append(f.cases, dirs...)) },
	}
	cmd.Flags().StringVar(&f.checkpoint, "checkpoint", "", "`PATH` of the weights to compare: a checkpoint or its folder, a .hrm file, or a model's name")
	cmd.Flags().StringArrayVar(&f.cases, "case", nil, "`DIR` of a case; may be given more than once")
	f.checkpointFlags.add(cmd.Flags())
	cmd.Flags().IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a case")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print one line a case, no tensors")
	return cmd
}

func (f *verifyFlags) run(cmd *cobra.Command, dirs []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if len(dirs) == 0 {
		return errors.New("no case is given: name the folders of some, or --checkpoint PATH --case DIR")
	}
	m, file, err := f.own(cmd.Context())
	if err != nil {
		return err
	}
	defer file.Close()
	worst := statusOK
	for _, dir := range dirs {
		r, err := f.verify(cmd.Context(), dir, m)
		if errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "hrm: %s: %v\n", dir, err)
			worst = statusUsage
			continue
		}
		if r.Err() != nil {
			worst = max(worst, statusFailed)
		}
		if err := f.print(cmd.OutOrStdout(), dir, r); err != nil {
			return err
		}
	}
	if worst != statusOK {
		return exit(worst)
	}
	return nil
}

// own opens the user's weights, nil when the cases have theirs.
func (f *verifyFlags) own(ctx context.Context) (*runtime.Model, io.Closer, error) {
	none := io.NopCloser(nil)
	if f.checkpoint == "" {
		return nil, none, nil
	}
	place, err := native.Find(f.checkpoint)
	isModel := err == nil
	if err == nil && place.Path != "" {
		if isModel, err = isModelFile(place.Path); err != nil {
			return nil, nil, err
		}
	}
	if _, missing := os.Stat(f.checkpoint); isModel || missing != nil {
		return native.Open(f.checkpoint)
	}
	c, err := checkpoint.Open(f.checkpoint, f.Options)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	m, err := c.Model(ctx)
	return m, none, err
}

func (f *verifyFlags) verify(ctx context.Context, dir string, own *runtime.Model) (*golden.Report, error) {
	c, err := golden.Open(dir)
	if err != nil {
		return nil, err
	}
	start := func(m *runtime.Model, trace golden.Trace) (runtime.Backend, error) {
		return cpu.New(m, cpu.Options{Threads: f.threads, Trace: trace})
	}
	if own != nil {
		return c.VerifyModel(ctx, own, start)
	}
	r, err := c.Verify(ctx, start)
	if errors.Is(err, checkpoint.ErrFormat) {
		err = fmt.Errorf("%w; a case without weights is compared with those that --checkpoint names", err)
	}
	return r, err
}

// caseRecord is the JSON form of a report, documented in the help of verify.
type caseRecord struct {
	Case        string         `json:"case"`
	Backend     string         `json:"backend"`
	OK          bool           `json:"ok"`
	Problem     string         `json:"problem,omitempty"`
	Tokens      int            `json:"tokens"`
	WrongTokens int            `json:"wrong_tokens"`
	Halts       int            `json:"halts"`
	WrongHalts  int            `json:"wrong_halts"`
	Untraced    int            `json:"untraced"`
	Tensors     []tensorRecord `json:"tensors"`
}

type tensorRecord struct {
	Name  string   `json:"name"`
	Error *float64 `json:"error"` // null: not a number
	Bound float64  `json:"bound"`
	OK    bool     `json:"ok"`
}

func newCaseRecord(dir string, r *golden.Report) caseRecord {
	c := caseRecord{
		Case: dir, Backend: r.Backend, OK: r.Err() == nil,
		Tokens: r.Tokens, WrongTokens: r.WrongTokens, Halts: r.Halts, WrongHalts: r.WrongHalts, Untraced: r.Untraced,
	}
	if err := r.Err(); err != nil {
		c.Problem = err.Error()
	}
	for _, t := range r.Results {
		rec := tensorRecord{Name: t.Name, Bound: t.Bound, OK: t.OK()}
		if !math.IsNaN(t.Error) && !math.IsInf(t.Error, 0) {
			rec.Error = &t.Error
		}
		c.Tensors = append(c.Tensors, rec)
	}
	return c
}

func (f *verifyFlags) print(out io.Writer, dir string, r *golden.Report) error {
	if f.json {
		return json.NewEncoder(out).Encode(newCaseRecord(dir, r))
	}
	if !f.quiet {
		if err := printErrors(out, r); err != nil {
			return err
		}
	}
	verdict, first := "ok", worst(r)
	if err := r.Err(); err != nil {
		verdict = "FAIL"
	}
	_, err := fmt.Fprintf(out, "%-4s %s: %d tensors, worst %s off by %.2g of %.2g; %d of %d tokens and %d of %d halting decisions differ\n",
		verdict, dir, len(r.Results), first.Name, first.Error, first.Bound, r.WrongTokens, r.Tokens, r.WrongHalts, r.Halts)
	return err
}

// worst returns the tensor that comes closest to its bound, or is furthest
// beyond it.
func worst(r *golden.Report) golden.Result {
	var w golden.Result
	for i, t := range r.Results {
		if i == 0 || math.IsNaN(t.Error) || t.Error/t.Bound > w.Error/w.Bound {
			w = t
		}
	}
	return w
}

func printErrors(out io.Writer, r *golden.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, t := range r.Results {
		mark := ""
		if !t.OK() {
			mark = "TOO LARGE"
		}
		fmt.Fprintf(w, "  %s\t%.2g\tof %.2g\t%s\n", t.Name, t.Error, t.Bound, mark)
	}
	return w.Flush()
}
