package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/data"
)

// evalFlags are the flags of hrm-train eval.
type evalFlags struct {
	data     string
	task     string
	limit    int
	segments int
	halt     string
	fixed    bool // of the release before: --halt fixed
	restarts int
	threads  int
	asJSON   bool
}

// evalResult is the object that hrm-train eval --json prints.
type evalResult struct {
	Model    string   `json:"model"`
	Data     string   `json:"data"`
	Setting  string   `json:"setting"`
	Puzzles  int      `json:"puzzles"`
	Exact    float64  `json:"exact_accuracy"`           // every cell as in the answer
	Valid    *float64 `json:"valid_accuracy,omitempty"` // the question is solved, whatever the answer in the file; nil where no rules say
	Cells    float64  `json:"cell_accuracy"`
	Loss     float64  `json:"loss"` // cross-entropy of the first attempt, as in training
	HaltOK   float64  `json:"q_halt_accuracy"`
	Segments float64  `json:"segments"` // mean
	Seconds  float64  `json:"seconds"`
}

func newEval() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Measure a model's accuracy on a file of puzzles",
		Long: `Solves a file of puzzles with a .hrm model, or with the last checkpoint of a
run's folder, and prints the shares of puzzles and cells that are right. Halting is
learned unless --halt says otherwise.`,
		Example: "  hrm-train eval run --data valid.csv.gz\n  hrm-train eval sudoku.hrm --data valid.csv.gz --max-segments 64 --restarts 4",
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
	flags.StringVar(&f.data, "data", "", "`FILE` of puzzles with answers (required)")
	flags.StringVar(&f.task, "task", "", "sudoku, maze or arc, when the model does not say")
	flags.IntVar(&f.limit, "limit", 0, "puzzles, spread over the file; 0 for all")
	flags.IntVar(&f.segments, "max-segments", 0, "segments of one attempt at most; may exceed what training allowed, 0 for the model's own number")
	flags.StringVar(&f.halt, "halt", "learned", command.HaltUsage)
	flags.BoolVar(&f.fixed, "fixed", false, "")
	_ = flags.MarkHidden("fixed")
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
	if f.task != "" {
		m.Task = f.task
	}
	task, err := solver.TaskOf(m)
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
	o, err := f.options(&m.Config)
	if err != nil {
		return evalResult{}, err
	}
	start := time.Now()
	s, err := evaluate(cmd.Context(), m, f.threads, set, f.limit, lossOf(m), o)
	if err != nil {
		return evalResult{}, err
	}
	r := s.result(puzzle.Judges(task))
	r.Model, r.Data, r.Setting = path, f.data, f.setting(&m.Config)
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// lossOf is the loss that a model was trained with, where it says so, else the
// published models'.
func lossOf(m *runtime.Model) train.Loss {
	c := config.Default()
	if err := c.Parse([]byte(m.Meta[metaConfig])); err != nil || c.TrainLoss() == "" {
		c = config.Default()
	}
	return c.TrainLoss()
}

func (f *evalFlags) options(c *runtime.Config) (runtime.Options, error) {
	if f.fixed {
		f.halt = "fixed"
	}
	halt, err := command.ParseHalt(f.halt, f.most(c))
	return runtime.Options{Halt: halt, MaxSegments: f.segments, Restarts: f.restarts}, err
}

func (f *evalFlags) most(c *runtime.Config) int {
	if f.segments > 0 {
		return f.segments
	}
	return c.HaltMaxSteps
}

func (f *evalFlags) setting(c *runtime.Config) string {
	halt := "learned halting, at most"
	switch {
	case f.halt == "fixed":
		halt = "exactly"
	case f.halt != "learned":
		halt = "halting " + f.halt + ", at most"
	}
	return fmt.Sprintf("%s %d segments, %d restarts", halt, f.most(c), f.restarts)
}

// result is the score; judged says whether the task has rules.
func (s *score) result(judged bool) evalResult {
	r := s.record()
	e := evalResult{
		Puzzles: r.Puzzles, Exact: r.ExactAccuracy,
		Cells: r.Accuracy, Loss: r.Loss, HaltOK: r.QHaltAccuracy, Segments: r.Segments,
	}
	if judged {
		valid := float64(s.valid) / float64(max(1, s.puzzles))
		e.Valid = &valid
	}
	return e
}

func (r *evalResult) print(w io.Writer) error {
	valid := ""
	if r.Valid != nil {
		valid = fmt.Sprintf("\nvalid        %.2f %%", 100**r.Valid)
	}
	_, err := fmt.Fprintf(w, `%s on %s
%s
puzzles      %d
exact        %.2f %%%s
cells        %.2f %%
loss         %.4f
q_halt right %.2f %%
segments     %.2f on average
time         %.1f s
`, r.Model, r.Data, r.Setting, r.Puzzles, 100*r.Exact, valid, 100*r.Cells, r.Loss, 100*r.HaltOK, r.Segments, r.Seconds)
	return err
}
