package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// thinkFlags are the flags that say how long and how often to think.
type thinkFlags struct {
	maxSegments, restarts, lanes, maxTokens int
	halt                                    string
	seed                                    uint64
	timeLimit                               time.Duration
	once                                    bool // one attempt by default, not the task's number
	cmd                                     *cobra.Command
}

// add registers the flags. What measures a model makes one attempt where nobody asks
// for more.
func (f *thinkFlags) add(cmd *cobra.Command, once bool) {
	flags := cmd.Flags()
	flags.IntVar(&f.maxSegments, "max-segments", 0, "segments of one attempt at most; may exceed what training allowed (default the model's own)")
	flags.StringVar(&f.halt, "halt", "learned", command.HaltUsage)
	usage := "further attempts for a puzzle whose answer is not accepted"
	if !once {
		usage += fmt.Sprintf(" (default %d for sudokus, %d for others, of which none begins after %v)",
			solver.DefaultAttempts(puzzle.Sudoku{})-1, solver.DefaultAttempts(puzzle.Maze{})-1, solver.DefaultRestartTime)
	}
	flags.IntVar(&f.restarts, "restarts", 0, usage)
	flags.IntVar(&f.lanes, "lanes", runtime.DefaultLanes, "puzzles that think at once")
	flags.IntVar(&f.maxTokens, "max-tokens", 0, "`CELLS` of a puzzle at most, for models that take any size (default what memory is made for, a grid of 255x255)")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of further attempts")
	limit := solver.DefaultTimeLimit
	if once {
		limit = 0
	}
	flags.DurationVar(&f.timeLimit, "time-limit", limit, "`TIME` to think about one puzzle, as in 10s; 0 for no limit")
	f.once, f.cmd = once, cmd
}

// options returns the options of a solver for a model.
func (f *thinkFlags) options(m *runtime.Model) (solver.Options, error) {
	halt, err := f.policy(m.Config.HaltMaxSteps)
	if err != nil {
		return solver.Options{}, err
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"--restarts", f.restarts}, {"--max-segments", f.maxSegments}, {"--max-tokens", f.maxTokens}} {
		if n.value < 0 {
			return solver.Options{}, fmt.Errorf("%s is %d, want 0 or more", n.name, n.value)
		}
	}
	o := solver.Options{Halt: halt, MaxSegments: f.maxSegments, Seed: f.seed, MaxTokens: f.maxTokens}
	switch {
	case f.timeLimit < 0:
		return solver.Options{}, fmt.Errorf("--time-limit is %v, want 0 or more", f.timeLimit)
	case f.timeLimit == 0:
		o.TimeLimit = -1
	default:
		o.TimeLimit = f.timeLimit
	}
	if f.once || f.cmd.Flags().Changed("restarts") {
		o.Attempts = f.restarts + 1
	}
	return o, nil
}

// policy reads --halt.
func (f *thinkFlags) policy(trained int) (runtime.Halt, error) {
	limit := f.maxSegments
	if limit == 0 {
		limit = trained
	}
	return command.ParseHalt(f.halt, limit)
}
