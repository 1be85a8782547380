package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/golden"
)

type verifyFlags struct {
	threads     int
	json, quiet bool
}

func newVerify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify DIR...",
		Short: "Compare this machine's arithmetic with reference cases",
		Long: `Run reference cases from their own checkpoints and compare every tensor that the
reference recorded, the answers and the halting decisions. A case is a folder
with a checkpoint, index.json and the tensors' files.

It prints the largest absolute error of each tensor beside its bound, and one
line a case.

--json prints one object a line for every case: case, backend, ok, problem,
tokens, wrong_tokens, halts, wrong_halts, untraced (recorded layers that were not
compared), and tensors (name, error, null when it is no number, bound, ok).

Exit status: 0 all agree; 1 some case does not; 2 some folder is no case.`,
		Example: `  hrm verify ../shared/golden/*/
  HRM_KERNELS=generic hrm verify --quiet case/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return f.run(cmd, dirs) },
	}
	cmd.Flags().IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a case")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print one line a case, no tensors")
	return cmd
}

func (f *verifyFlags) run(cmd *cobra.Command, dirs []string) error {
	worst := statusOK
	for _, dir := range dirs {
		r, err := f.verify(cmd.Context(), dir)
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

func (f *verifyFlags) verify(ctx context.Context, dir string) (*golden.Report, error) {
	c, err := golden.Open(dir)
	if err != nil {
		return nil, err
	}
	return c.Verify(ctx, func(m *runtime.Model, trace golden.Trace) (runtime.Backend, error) {
		return cpu.New(m, cpu.Options{Threads: f.threads, Trace: trace})
	})
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
