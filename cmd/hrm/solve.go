package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

type solveFlags struct {
	modelFlags
	thinkFlags
	arcFlags
	check, anyway, json, watch, submission bool
	timeLimit                              time.Duration
}

func newSolve() *cobra.Command {
	var f solveFlags
	cmd := &cobra.Command{
		Use:   "solve [PUZZLE | FILE | -]...",
		Short: "Solve puzzles from arguments, files or standard input",
		Long: `Solve puzzles. Each argument is a file, a folder, a puzzle written out (or its rows,
one argument each), or - for standard input, which is also read when there are no
arguments. Files may be gzip, zip or UTF-16.

  sudoku  81 characters, with 0 or . or another symbol for a blank; 9 rows, in
          frames or not; a table with a column "question" or "puzzle"; JSON of
          strings or lists. Text around them is passed over
  maze    lines of characters: # wall, space open, S start, G goal, 2x2 to 255x255
          where the model takes any size; or a table or JSON
  arc     tasks in the public JSON format: one, a map, a list, a folder, Kaggle's
          challenges (with the solutions that lie beside them)

A bad puzzle is reported with its line and column, and the others are solved.
A sudoku without a solution or with several, and a maze without a way, is said to
be so before the model is asked; --anyway asks it all the same. An answer that
breaks the task's rules is tried again, up to --restarts times (127 for sudokus,
which are then a search by guessing) and for as long as --time-limit says;
--check=false leaves that decision to the halting head.

With --json every puzzle is one line with one object:
  index, where         its number from 0 and its place in the input
  name                 of an ARC test input
  question, answer     as one line of text
  rows, cols           of a puzzle that brings its size
  length, shortest     of a maze: the steps of the path, and whether there is no shorter one
  rows, cols           of the grid, where puzzles come in sizes
  second_answer        ARC with --identifiers: the other attempt
  valid                whether the answer obeys the task's rules and agrees with
                       the answer given in the input; absent when neither can tell
  reason               why it is not valid
  segments, halted     of the attempt that answered, and whether the halting head
                       said stop (else it ran out of segments)
  q_halt, q_continue   the halting values of its last segment; null when not finite
  attempts             1 + the restarts that were needed
  total_segments       of all attempts
  elapsed_ms           from the first segment to the answer
  timed_out            true when --time-limit ended it
  error                why there is no answer; then only index, where and, when it
                       could be read, question are there

--submission prints one object with the two attempts at every ARC test, as Kaggle
takes it: {"<task>": [{"attempt_1": [[...]], "attempt_2": [[...]]}, ...]}.

Exit status: 0 every puzzle was solved and its answer is valid; 1 some were not;
2 wrong usage, or some puzzle could not be read; 130 interrupted.`,
		Example: `  hrm solve 53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79
  hrm solve --json puzzles.csv.gz > answers.jsonl
  hrm solve --restarts 1023 hard.txt
  hrm solve --restarts 0 hard.txt
  hrm solve --model maze.hrm --watch maze.txt
  hrm solve --model arc.hrm --identifiers identifiers.json --submission arc-agi_test_challenges.json > submission.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.modelFlags.add(cmd)
	f.thinkFlags.add(cmd, solveRestarts)
	f.arcFlags.add(cmd)
	cmd.Flags().BoolVar(&f.check, "check", true, "let the task's own rules, not the halting head, decide whether a restart is needed")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line for every puzzle")
	cmd.Flags().BoolVar(&f.watch, "watch", false, "draw the grid after every segment, one puzzle after the other")
	cmd.Flags().BoolVar(&f.anyway, "anyway", false, "let the model try puzzles that have no answer, or several")
	cmd.Flags().DurationVar(&f.timeLimit, "time-limit", defaultTimeLimit, "`TIME` to think about one puzzle, as in 10s; 0 for no limit")
	cmd.Flags().BoolVar(&f.submission, "submission", false, "print one JSON object with two attempts at every ARC test, as Kaggle takes it")
	cmd.MarkFlagsMutuallyExclusive("json", "watch", "submission")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Count(err.Error(), "-") > 8 { // a sudoku
			err = fmt.Errorf("%w; a puzzle that begins with - stands behind --", err)
		}
		return err
	})
	return cmd
}

// searches reports a task whose further attempts are a search.
func searches(t puzzle.Task) bool {
	_, ok := t.(puzzle.Retrier)
	return ok
}

// The defaults of solve. A sudoku's attempts are a search by guessing and take
// milliseconds each (see docs/training.md); other puzzles get little time when
// they are too hard.
const (
	solveRestarts    = 7
	searchRestarts   = 127
	defaultTimeLimit = time.Minute // a model that solves nothing says so
)

func (f *solveFlags) run(cmd *cobra.Command, args []string) error {
	in, out, errOut := cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if file, ok := in.(*os.File); ok && len(args) == 0 && isTerminalFile(file) {
		fmt.Fprintln(errOut, "Reading puzzles from the terminal; Ctrl-D ends the input.")
	}
	in = f.look(args, in)
	l, err := f.load()
	if err != nil {
		return err
	}
	defer l.close()
	if !cmd.Flags().Changed("restarts") && searches(l.task) {
		f.restarts = searchRestarts
	}
	o, err := f.options(l.model, l.task)
	if err != nil {
		return err
	}
	if o.TimeLimit = f.timeLimit; f.timeLimit < 0 {
		return fmt.Errorf("--time-limit is %v, want 0 or more", f.timeLimit)
	}
	var answers *submission
	if f.submission {
		if answers, err = newSubmission(l.task); err != nil {
			return err
		}
	}
	t := &tally{loaded: l, check: f.check, examine: !f.anyway, began: time.Now()}
	if t.votes, err = f.voter(l); err != nil {
		return err
	}
	items := inputs(args, in, l.task)
	switch {
	case f.watch:
		err = t.watch(cmd.Context(), items, o, out, errOut)
	case f.submission:
		if err = t.solve(cmd.Context(), items, o, answers.printer(errOut)); err == nil {
			err = answers.write(out)
		}
	default:
		err = t.solve(cmd.Context(), items, o, newPrinter(l, out, errOut, f.json))
	}
	if t.total() > 1 || err != nil {
		fmt.Fprintln(errOut, t)
	}
	return t.exit(err)
}

// tally solves puzzles and counts what came of them.
type tally struct {
	*loaded
	check, examine        bool
	votes                 *voter // ARC with identifiers, else nil
	began                 time.Time
	solved, unsolved, bad int
	segments              int
}

func (t *tally) total() int { return t.solved + t.unsolved + t.bad }

// solve solves many puzzles at once and prints them in their order.
func (t *tally) solve(ctx context.Context, items inputSeq, o runtime.Options, print printer) error {
	s := stream{backend: t.backend, task: t.task, options: o, examine: t.examine}
	if t.check {
		s.accept = accepts
	}
	return t.votes.run(ctx, &s, items, func(o *outcome) {
		v := t.judge(o)
		t.count(o, v)
		print(o, v)
	})
}

// judge checks an answer by the rules of its task and against the answer that
// came with the puzzle.
func (t *tally) judge(o *outcome) native.Verdict {
	task := o.Of(t.task)
	switch {
	case o.result.Err != nil:
		return native.Verdict{}
	case o.second != nil:
		return native.Judge(task, &o.Puzzle, o.result.Tokens, o.second)
	}
	return native.Judge(task, &o.Puzzle, o.result.Tokens)
}

func (t *tally) count(o *outcome, v native.Verdict) {
	switch {
	case errors.Is(o.result.Err, puzzle.ErrUnsolvable):
		t.unsolved++
		return
	case o.result.Err != nil:
		t.bad++
		return
	case v.Known && v.Err == nil || !v.Known && o.result.Halted:
		t.solved++
	default:
		t.unsolved++
	}
	t.segments += o.result.Segments
}

// exit returns what the command returns.
func (t *tally) exit(err error) error {
	switch {
	case err != nil:
		return err
	case t.bad > 0:
		return exit(statusUsage)
	case t.unsolved > 0:
		return exit(statusFailed)
	case t.total() == 0:
		return errors.New("the input holds no puzzle; see hrm solve --help for what can be read")
	}
	return nil
}

func (t *tally) String() string {
	s := fmt.Sprintf("%d of %d solved", t.solved, t.total())
	if t.bad > 0 {
		s += fmt.Sprintf(", %d could not be read", t.bad)
	}
	if n := t.solved + t.unsolved; n > 0 {
		elapsed := time.Since(t.began)
		s += fmt.Sprintf(", %.1f segments on average, %s (%.1f puzzles/s)",
			float64(t.segments)/float64(n), round(elapsed), float64(n)/elapsed.Seconds())
	}
	return s
}

// round shortens a duration for people.
func round(d time.Duration) time.Duration {
	switch {
	case d > time.Minute:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

// isTerminalFile is isTerminal for what is read.
func isTerminalFile(f *os.File) bool { return isTerminal(io.Writer(f)) }
