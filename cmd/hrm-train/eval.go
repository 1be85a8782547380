package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// evalFlags are the flags of hrm-train eval.
type evalFlags struct {
	data     string
	task     string
	limit    int
	segments int
	fixed    bool
	restarts int
	threads  int
	asJSON   bool
}

// evalResult is the object that hrm-train eval --json prints.
type evalResult struct {
	Model    string  `json:"model"`
	Data     string  `json:"data"`
	Setting  string  `json:"setting"`
	Puzzles  int     `json:"puzzles"`
	Exact    float64 `json:"exact_accuracy"` // every cell as in the answer
	Valid    float64 `json:"valid_accuracy"` // the question is solved, whatever the answer in the file
	Cells    float64 `json:"cell_accuracy"`
	HaltOK   float64 `json:"q_halt_accuracy"`
	Segments float64 `json:"segments"` // mean
	Seconds  float64 `json:"seconds"`
}

func newEval() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval model",
		Short: "Measure a model's accuracy on a file of puzzles",
		Long: `Solves a file of puzzles with a .hrm model, or with the last checkpoint of a
run's folder, and prints the shares of puzzles and cells that are right. Halting is
learned unless --fixed.`,
		Example: "  hrm-train eval run --data valid.csv.gz\n  hrm-train eval sudoku.hrm --data valid.csv.gz --segments 64 --restarts 4",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.eval(cmd, args[0])
			if err != nil {
				return err
			}
			if f.asJSON {
				return printJSON(cmd.OutOrStdout(), r)
			}
			return r.print(cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "file of puzzles with answers (required)")
	flags.StringVar(&f.task, "task", "", "sudoku, maze or arc, when the model does not say")
	flags.IntVar(&f.limit, "limit", 0, "puzzles, spread over the file; 0 for all")
	flags.IntVar(&f.segments, "segments", 0, "segments at most, 0 for the model's own number")
	flags.BoolVar(&f.fixed, "fixed", false, "run that many segments whatever the halting head says")
	flags.IntVar(&f.restarts, "restarts", 0, "further attempts from a perturbed start for puzzles that did not halt")
	flags.IntVar(&f.threads, "threads", 0, "processor cores, 0 for all")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

func (f *evalFlags) eval(cmd *cobra.Command, path string) (evalResult, error) {
	m, err := loadModel(path)
	if err != nil {
		return evalResult{}, err
	}
	name := m.Task
	if f.task != "" || name == "" {
		name = f.task
	}
	task, err := puzzle.ForModel(name, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	if err != nil {
		return evalResult{}, err
	}
	if isARC(task) && !puzzle.IsFolder(f.data) {
		return evalResult{}, errors.New("ARC tasks need the names of the puzzle table and a vote over augmented forms: use hrm eval")
	}
	set, err := data.Load(cmd.Context(), f.data, task)
	if err != nil {
		return evalResult{}, err
	}
	start := time.Now()
	s, err := evaluate(cmd.Context(), m, f.threads, set, f.limit, f.options(&m.Config))
	if err != nil {
		return evalResult{}, err
	}
	r := s.result()
	r.Model, r.Data, r.Setting = path, f.data, f.setting(&m.Config)
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

func (f *evalFlags) options(c *runtime.Config) runtime.Options {
	o := runtime.Options{MaxSegments: f.segments, Restarts: f.restarts}
	if f.fixed {
		o.Halt = runtime.HaltFixed(f.most(c))
	}
	return o
}

func (f *evalFlags) most(c *runtime.Config) int {
	if f.segments > 0 {
		return f.segments
	}
	return c.HaltMaxSteps
}

func (f *evalFlags) setting(c *runtime.Config) string {
	halt := "learned halting, at most"
	if f.fixed {
		halt = "exactly"
	}
	return fmt.Sprintf("%s %d segments, %d restarts", halt, f.most(c), f.restarts)
}

func (s *score) result() evalResult {
	r := s.record()
	return evalResult{
		Puzzles: r.Puzzles, Exact: r.ExactAccuracy, Valid: float64(s.valid) / float64(max(1, s.puzzles)),
		Cells: r.Accuracy, HaltOK: r.QHaltAccuracy, Segments: r.Segments,
	}
}

func (r *evalResult) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, `%s on %s
%s
puzzles      %d
exact        %.2f %%
valid        %.2f %%
cells        %.2f %%
q_halt right %.2f %%
segments     %.2f on average
time         %.1f s
`, r.Model, r.Data, r.Setting, r.Puzzles, 100*r.Exact, 100*r.Valid, 100*r.Cells, 100*r.HaltOK, r.Segments, r.Seconds)
	return err
}
