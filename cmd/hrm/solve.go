package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

type solveFlags struct {
	modelFlags
	thinkFlags
	arcFlags
	pictures
	check, anyway, json, watch, submission bool
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
          strings or lists. Text around them is passed over. Of any side from 4 to
          25 with boxes where the model takes them (hrm inspect says so): 1-9 and then
          A, B, ..., letters alone, from 0, or numbers between spaces
  maze    lines of characters: # wall, space open, S start, G goal, 2x2 to 255x255
          where the model takes any size; or a table or JSON
  arc     tasks in the public JSON format: one, a map, a list, a folder, Kaggle's
          challenges (with the solutions that lie beside them)

A bad puzzle is reported with its line and column, and the others are solved.
A sudoku without a solution or with several, and a maze without a way, is said to
be so before the model is asked; --anyway asks it all the same. An answer that
breaks the task's rules is tried again, up to --restarts times (of sudokus that is
a search by guessing) and for as long as --time-limit says; without --restarts no
attempt begins after 30 seconds. --check=false leaves the decision to the halting
head. Ctrl-C prints the best answer so far, and that it is unfinished; on a terminal
a line tells about a puzzle that takes longer than half a second.

With --json every puzzle is one line with one object:
  index, where         its number from 0 and its place in the input
  name                 of an ARC test input
  question, answer     as one line of text
  rows, cols           of a puzzle that brings its size
  length, shortest     of a maze: the steps of the path, and whether there is no shorter one
  rows, cols           of the grid, where puzzles come in sizes
  second_answer        ARC: the other attempt
  valid                whether the answer obeys the task's rules and agrees with
                       the answer given in the input; absent when neither can tell
  reason               why it is not valid
  segments, halted     of the attempt that answered, and whether the halting head
                       said stop (else it ran out of segments)
  q_halt, q_continue   the halting values of its last segment; null when not finite
  attempts             1 + the restarts that were needed
  total_segments       of all attempts
  first_pass_valid     whether the first attempt, one pass of the model without a
                       guess, had a valid answer; absent as valid is
  first_pass_segments  of that attempt
  elapsed_ms           from the first segment to the answer
  timed_out            true when --time-limit or the time for restarts ended it
  unfinished           true when it was interrupted: the answer is the best so far
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
  hrm solve --model arc.hrm task.json --svg task.svg
  hrm solve --model arc.hrm --identifiers identifiers.json --submission arc-agi_test_challenges.json > submission.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.modelFlags.add(cmd)
	f.thinkFlags.add(cmd, false)
	f.arcFlags.add(cmd)
	f.pictures.flags(cmd)
	cmd.Flags().BoolVar(&f.check, "check", true, "let the task's own rules, not the halting head, decide whether a restart is needed")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line for every puzzle")
	cmd.Flags().BoolVar(&f.watch, "watch", false, "draw the grid after every segment, one puzzle after the other")
	cmd.Flags().BoolVar(&f.anyway, "anyway", false, "let the model try puzzles that have no answer, or several")
	cmd.Flags().BoolVar(&f.submission, "submission", false, "print one JSON object with two attempts at every ARC test, as Kaggle takes it")
	cmd.MarkFlagsMutuallyExclusive("json", "watch", "submission")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if strings.Count(err.Error(), "-") > 8 { // a sudoku
			return fmt.Errorf("%w; a puzzle that begins with - stands behind --", err)
		}
		return cmd.Parent().FlagErrorFunc()(cmd, err)
	})
	return cmd
}

func (f *solveFlags) run(cmd *cobra.Command, args []string) error {
	in, out, errOut := cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if file, ok := in.(*os.File); ok && len(args) == 0 && isTerminalFile(file) {
		fmt.Fprintln(errOut, "Reading puzzles from the terminal; Ctrl-D ends the input.")
	}
	in = f.look(args, in)
	l, err := f.load(f.lanes)
	if err != nil {
		return err
	}
	defer l.close()
	o, err := f.options(l.model)
	if err != nil {
		return err
	}
	o.NoCheck, o.Anyway = !f.check, f.anyway
	var answers *submission
	if f.submission {
		if answers, err = newSubmission(l.task); err != nil {
			return err
		}
	}
	t := &tally{loaded: l, pictures: &f.pictures, options: o, lanes: f.lanes, began: time.Now()}
	if t.options.Votes, err = f.know(l); err != nil {
		return err
	}
	items := inputs(args, in, l.task)
	switch {
	case f.watch:
		err = t.watch(cmd.Context(), items, out, errOut)
	case f.submission:
		t.live = newLive(errOut, t.attempts())
		if err = t.solve(cmd.Context(), items, answers.printer(errOut)); err == nil {
			err = answers.Write(out)
		}
	default:
		t.live = newLive(errOut, t.attempts())
		err = t.solve(cmd.Context(), items, newPrinter(l, out, errOut, f.json))
	}
	if err == nil {
		err = f.pictures.write(cmd)
	}
	if t.total() > 1 || err != nil {
		fmt.Fprintln(errOut, fit(errOut, t.String()))
	}
	return t.exit(err)
}

// tally solves puzzles and counts what came of them.
type tally struct {
	*loaded
	options               solver.Options
	lanes                 int
	live                  *live
	pictures              *pictures
	began                 time.Time
	solved, unsolved, bad int
	first                 int // solved in the first attempt
	unjudged              int // of which nobody can tell
	segments              int
}

// attempts is the most that a puzzle gets.
func (t *tally) attempts() int { return cmp.Or(t.options.Attempts, solver.DefaultAttempts(t.task)) }

func (t *tally) total() int { return t.solved + t.unsolved + t.bad }

// solve solves many puzzles at once and prints them in their order.
func (t *tally) solve(ctx context.Context, items inputSeq, print printer) error {
	s := stream{solver: t.with(t.options), lanes: t.lanes, live: t.live}
	return s.run(ctx, items, func(o *outcome) {
		t.count(o)
		print(o)
		if t.pictures != nil {
			t.pictures.add(o)
		}
	})
}

func (t *tally) count(o *outcome) {
	r := &o.result
	switch {
	case errors.Is(r.Err, puzzle.ErrUnsolvable):
		t.unsolved++
		return
	case r.Err != nil && !r.Unfinished:
		t.bad++
		return
	case r.Valid || !r.Known && r.Halted:
		t.solved++
		if r.FirstValid || !r.Known && r.Attempts == 1 {
			t.first++
		}
	default:
		t.unsolved++
	}
	if !r.Known {
		t.unjudged++
	}
	t.segments += r.TotalSegments
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
		return fmt.Errorf("the input holds no puzzle for the model, which solves %s: %s", t.task.Name(), puzzle.Forms(t.task))
	}
	return nil
}

func (t *tally) String() string {
	s := fmt.Sprintf("%d of %d solved", t.solved, t.total())
	if t.unjudged > 0 && t.unjudged == t.solved+t.unsolved {
		s = fmt.Sprintf("sure of %d of %d; %s has no rules to tell whether rightly", t.solved, t.total(), t.task.Name())
	}
	if t.first < t.solved {
		s += fmt.Sprintf(" (%d in the first pass)", t.first)
	}
	if t.bad > 0 {
		s += fmt.Sprintf(", %d could not be read", t.bad)
	}
	if n := t.solved + t.unsolved; n > 0 {
		elapsed := time.Since(t.began)
		s += fmt.Sprintf(", %.1f segments each, %s, %.1f puzzles/s",
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
