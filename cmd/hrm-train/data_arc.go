package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// isARC reports a task whose puzzles are demonstrations and tests, with a row of
// the puzzle table for each.
func isARC(t puzzle.Task) bool {
	_, ok := t.(puzzle.ARC)
	return ok
}

// arcFlags are the flags of hrm-train data arc.
type arcFlags struct {
	in, against, splits []string
	as, out             string

	generate, demonstrations, side int
	maxSide                        int // 0: any
	seed                           uint64
}

func newDataARC() *cobra.Command {
	var f arcFlags
	cmd := &cobra.Command{
		Use:   "arc",
		Short: "Import ARC tasks, or make some",
		Long: `Reads ARC tasks from folders of JSON files (the folder names the split) or from
files of many tasks, plain, gzip or zip, and writes them to one file. Solutions that
lie in a file of their own, as on Kaggle, are joined with the tasks beside which they
lie or are given; such a file's name or --as says which split it is. Of tasks with one
name the first is kept, and none that shares a pair with a task of a --dedup-against
file, up to rotation, reflection and colours.

--generate makes tasks instead, on square grids, whose rules are drawn from a small
language (move, turn, mirror, recolour, fill, frame, connect, sort, count, one after
another): something to learn from before the tasks that matter.

hrm-train run takes such a file, or the folders themselves, as --data: of the tasks
of split "evaluation" it trains on the demonstrations and evaluates on the tests; of
all others it trains on everything. It augments on the fly.`,
		Example: `  hrm-train data arc --in ARC-AGI/data/training --in ARC-AGI/data/evaluation --out arc1.json.gz
  hrm-train data arc --in arc1.json.gz --max-side 12 --out small.json.gz
  hrm-train data arc --generate 2000 --side 5 --dedup-against mini-arc.json.gz --out rules.json.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.in, "in", nil, "folder or file of tasks (repeatable)")
	flags.IntVar(&f.generate, "generate", 0, "make so many tasks instead")
	flags.IntVar(&f.side, "side", 5, "rows and columns of the grids that are made")
	flags.IntVar(&f.demonstrations, "demonstrations", 6, "of each task that is made")
	flags.Uint64Var(&f.seed, "seed", 0, "decides what is made")
	flags.StringVarP(&f.out, "out", "o", "", "file to write, .json or .json.gz, - for standard output (required)")
	flags.StringSliceVar(&f.splits, "split", nil, "only tasks of these splits")
	flags.IntVar(&f.maxSide, "max-side", 0, "only tasks all of whose grids have at most so many rows and columns, 0 for all")
	flags.StringArrayVar(&f.against, "dedup-against", nil, "leave out tasks that share a pair with one of this file (repeatable)")
	flags.StringVar(&f.as, "as", "", "split of all tasks, such as training or evaluation (default what files and folders say)")
	cmd.MarkFlagsOneRequired("in", "generate")
	cmd.MarkFlagsMutuallyExclusive("in", "generate")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *arcFlags) run(cmd *cobra.Command) error {
	target, err := command.NewTarget(cmd, f.out)
	if err != nil {
		return err
	}
	defer target.Discard()
	ctx := cmd.Context()
	var tasks []puzzle.ARCTask
	if len(f.in) > 0 {
		tasks, err = data.ARCLoader{Split: f.as}.Load(ctx, f.in...)
	} else {
		tasks, err = data.GenerateARC(f.generate, f.demonstrations, f.side, f.seed)
	}
	if err != nil {
		return err
	}
	banned, err := data.LoadARC(ctx, f.against...)
	if err != nil {
		return err
	}
	kept := f.keep(tasks, banned)
	if len(kept) == 0 {
		return errors.New("no tasks are left")
	}
	text, err := encodeARC(kept, strings.HasSuffix(f.out, ".gz"))
	if err != nil {
		return err
	}
	if err := writeTarget(target, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(target.Out(), "%s: %d tasks, %d left out\n", target, len(kept), len(tasks)-len(kept))
	return err
}

func (f *arcFlags) keep(tasks, banned []puzzle.ARCTask) (kept []puzzle.ARCTask) {
	filter, seen := data.NewARCFilter(), map[string]bool{}
	for i := range banned {
		filter.Ban(&banned[i])
	}
	for i := range tasks {
		t := &tasks[i]
		if seen[t.ID] || len(f.splits) > 0 && !slices.Contains(f.splits, t.Split) || f.maxSide > 0 && largestSide(t) > f.maxSide || !filter.Keep(t) {
			continue
		}
		seen[t.ID] = true
		kept = append(kept, *t)
	}
	return kept
}

// largestSide returns the most rows or columns of a task's grids.
func largestSide(t *puzzle.ARCTask) (side int) {
	for _, pairs := range [][]puzzle.ARCPair{t.Train, t.Test} {
		for _, p := range pairs {
			side = max(side, p.Input.Rows, p.Input.Cols, p.Output.Rows, p.Output.Cols)
		}
	}
	return side
}

// arcPair and arcTask are the public JSON format.
type arcPair struct {
	Input  [][]int `json:"input"`
	Output [][]int `json:"output,omitempty"`
}

type arcTask struct {
	Train []arcPair `json:"train"`
	Test  []arcPair `json:"test"`
}

// encodeARC returns {"splits": {"training": {"007bbfb7": {...}}}}.
func encodeARC(tasks []puzzle.ARCTask, compress bool) ([]byte, error) {
	splits := map[string]map[string]arcTask{}
	for _, t := range tasks {
		if splits[t.Split] == nil {
			splits[t.Split] = map[string]arcTask{}
		}
		splits[t.Split][t.ID] = arcTask{arcPairs(t.Train), arcPairs(t.Test)}
	}
	text, err := json.Marshal(map[string]any{"splits": splits})
	if err != nil || !compress {
		return text, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(text)
	err = errors.Join(err, z.Close())
	return b.Bytes(), err
}

func arcPairs(pairs []puzzle.ARCPair) []arcPair {
	out := make([]arcPair, len(pairs))
	for i, p := range pairs {
		out[i] = arcPair{arcRows(p.Input), arcRows(p.Output)}
	}
	return out
}

func arcRows(g puzzle.ARCGrid) [][]int {
	rows := make([][]int, g.Rows)
	for r := range rows {
		for _, c := range g.Cells[r*g.Cols : (r+1)*g.Cols] {
			rows[r] = append(rows[r], int(c))
		}
	}
	return rows
}
