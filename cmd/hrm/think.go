package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// thinkFlags are the flags that say how long and how often to think.
type thinkFlags struct {
	maxSegments, restarts, lanes int
	halt                         string
	seed                         uint64
}

// add registers the flags, with a default number of restarts.
func (f *thinkFlags) add(cmd *cobra.Command, restarts int) {
	flags := cmd.Flags()
	flags.IntVar(&f.maxSegments, "max-segments", 0, "segments of one attempt at most; may exceed what training allowed (default the model's own)")
	flags.StringVar(&f.halt, "halt", "learned", "when to stop: learned, fixed (always --max-segments), or min:`N` (learned, not before segment N)")
	flags.IntVar(&f.restarts, "restarts", restarts, "further attempts for a puzzle whose answer is not accepted")
	flags.IntVar(&f.lanes, "lanes", runtime.DefaultLanes, "puzzles that think at once")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of further attempts")
}

// options returns the options of Solve for a model of a task. Further attempts at
// a puzzle.Retrier, such as a sudoku, make guesses and see it in another form,
// those at other tasks begin from a perturbed start.
func (f *thinkFlags) options(m *runtime.Model, task puzzle.Task) (runtime.Options, error) {
	halt, err := f.policy(m.Config.HaltMaxSteps)
	if err != nil {
		return runtime.Options{}, err
	}
	if f.lanes < 1 {
		return runtime.Options{}, fmt.Errorf("--lanes is %d, want 1 or more", f.lanes)
	}
	o := runtime.Options{Halt: halt, MaxSegments: f.maxSegments, Restarts: f.restarts, Lanes: f.lanes, Seed: f.seed}
	if t, ok := task.(puzzle.Retrier); ok {
		o.Retry = t.Retry
	}
	return o, nil
}

// policy reads --halt.
func (f *thinkFlags) policy(trained int) (runtime.Halt, error) {
	limit := f.maxSegments
	if limit == 0 {
		limit = trained
	}
	switch name, number, _ := strings.Cut(f.halt, ":"); {
	case f.halt == "learned":
		return runtime.HaltLearned(1), nil
	case f.halt == "fixed":
		return runtime.HaltFixed(limit), nil
	case name == "min":
		if n, err := strconv.Atoi(number); err == nil && n >= 1 {
			return runtime.HaltLearned(n), nil
		}
	}
	return runtime.Halt{}, fmt.Errorf("--halt is %q, want learned, fixed or min:N with N from 1", f.halt)
}
