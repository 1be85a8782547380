package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

func newCompare() *cobra.Command {
	var table, events string
	cmd := &cobra.Command{
		Use:   "compare RUN...",
		Short: "Compare runs: what they reached, and in what they differ",
		Long: `Prints a line for each run, given by its folder or its metrics.jsonl, and for each
set of puzzles that it was evaluated on: the steps, the wall time, and last the loss
(of the set, or in training), the share of cells right and of puzzles right (exact),
with the best of these and its step. Below stand the keys of the configurations that
differ.

--csv writes every record of all runs as one table. --tensorboard writes event files
that TensorBoard shows: a folder for each run, and below it one for each set.`,
		Example: "  hrm-train compare run1 run2\n  hrm-train compare run1 run2 --csv runs.csv --tensorboard logs",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := readRuns(args)
			if err != nil {
				return err
			}
			if table != "" {
				if err := writeTable(cmd, table, runs); err != nil {
					return err
				}
			}
			if events != "" {
				if err := writeEvents(events, runs); err != nil {
					return err
				}
			}
			if table == "-" {
				return nil
			}
			return printRuns(cmd.OutOrStdout(), runs)
		},
	}
	cmd.Flags().StringVar(&table, "csv", "", "`FILE` to write the records of all runs to, - for standard output instead of the comparison")
	cmd.Flags().StringVar(&events, "tensorboard", "", "`FOLDER` to write event files into")
	_ = cmd.MarkFlagDirname("tensorboard")
	return cmd
}

// comparedRun is a run as it is compared.
type comparedRun struct {
	curve.Run
	path   string // of metrics.jsonl
	config *config.Config
}

// readRuns reads runs by their folders, or by their metrics.
func readRuns(paths []string) (runs []comparedRun, err error) {
	folders := make([]string, len(paths))
	for i, path := range paths {
		folders[i] = path
		if filepath.Ext(path) == ".jsonl" {
			folders[i] = filepath.Dir(path)
		} else {
			paths[i] = filepath.Join(path, metricsFile)
		}
	}
	names := folderNames(folders)
	for i, path := range paths {
		r := comparedRun{path: path}
		r.Name = names[i]
		if r.Records, err = curve.ReadFile(path); err != nil {
			return nil, err
		}
		c := config.Default()
		switch err := c.Read(filepath.Join(folders[i], configFile)); {
		case err == nil:
			r.config = &c
		case !errors.Is(err, os.ErrNotExist):
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// folderNames are the last parts of paths, or as much of them as tells them apart.
func folderNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		names[i] = filepath.ToSlash(path)
	}
	short := make([]string, len(names))
	for depth := 1; ; depth++ {
		longer := false
		for i, name := range names {
			parts := strings.Split(strings.Trim(name, "/"), "/")
			short[i] = strings.Join(parts[max(0, len(parts)-depth):], "/")
			longer = longer || depth < len(parts)
		}
		if sorted := slices.Sorted(slices.Values(short)); len(slices.Compact(sorted)) == len(names) || !longer {
			return short
		}
	}
}

func writeTable(cmd *cobra.Command, name string, runs []comparedRun) error {
	target, err := command.NewTarget(cmd, name)
	if err != nil {
		return err
	}
	defer target.Discard()
	plain := make([]curve.Run, len(runs))
	for i, r := range runs {
		plain[i] = r.Run
	}
	var b bytes.Buffer
	if err := curve.WriteCSV(&b, plain); err != nil {
		return err
	}
	return writeTarget(target, b.Bytes())
}

// writeEvents writes an event file for the training of each run, and one for each of
// its sets. A run began when its last record was written less the seconds it says.
func writeEvents(dir string, runs []comparedRun) error {
	for _, r := range runs {
		if len(r.Records) == 0 {
			continue
		}
		info, err := os.Stat(r.path)
		if err != nil {
			return err
		}
		begun := info.ModTime().Add(-time.Duration(r.Records[len(r.Records)-1].Seconds * float64(time.Second)))
		for folder, records := range r.parts() {
			path := filepath.Join(dir, filepath.FromSlash(folder))
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			var b bytes.Buffer
			if err := curve.WriteEvents(&b, begun, records); err != nil {
				return err
			}
			if err := writeFile(filepath.Join(path, fmt.Sprintf("events.out.tfevents.%d.hrm-train", begun.Unix())), b.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts are the records by the folder of their event file.
func (r *comparedRun) parts() map[string][]curve.Record {
	parts := map[string][]curve.Record{}
	for _, record := range r.Records {
		folder := r.Name
		if record.Kind == curve.Eval {
			folder += "/" + strings.ReplaceAll(setOr(record.Set), "..", "")
		}
		parts[folder] = append(parts[folder], record)
	}
	return parts
}

// setOr is the name of a set; records of former releases have none.
func setOr(set string) string {
	if set == "" {
		return "validation"
	}
	return set
}

// printRuns prints a line for each run and set, and what differs.
func printRuns(out io.Writer, runs []comparedRun) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tON\tSTEPS\tTIME\tLOSS\tCELLS\tEXACT\tBEST\tAT STEP")
	for _, r := range runs {
		for _, line := range r.lines() {
			fmt.Fprintln(w, line)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return printDifferences(out, runs)
}

// lines are those of a run in the table.
func (r *comparedRun) lines() (lines []string) {
	if len(r.Records) == 0 {
		return []string{clip(r.Name, 16) + "\tnothing recorded\t\t\t\t\t\t\t"}
	}
	end := r.Records[len(r.Records)-1]
	last, best := map[string]curve.Record{}, map[string]curve.Record{}
	var sets []string
	for _, record := range r.Records {
		set := "training"
		if record.Kind == curve.Eval {
			set = setOr(record.Set)
		}
		if before, there := best[set]; !there || record.ExactAccuracy > before.ExactAccuracy {
			best[set] = record
		}
		if _, there := last[set]; !there {
			sets = append(sets, set)
		}
		last[set] = record
	}
	if len(sets) > 1 {
		sets = slices.DeleteFunc(sets, func(set string) bool { return set == "training" })
	}
	for _, set := range sets {
		l, b := last[set], best[set]
		loss := "-"
		if l.Loss > 0 {
			loss = fmt.Sprintf("%.3f", l.Loss)
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", clip(r.Name, 14), clip(set, 10), command.Thousands(end.Step),
			short(time.Duration(end.Seconds*float64(time.Second))), loss, share(l.Accuracy, l.Puzzles, 1),
			share(l.ExactAccuracy, l.Puzzles, 1), share(b.ExactAccuracy, b.Puzzles, 1), command.Thousands(b.Step)))
	}
	return lines
}

// printDifferences prints the keys in which the configurations of runs differ.
func printDifferences(out io.Writer, runs []comparedRun) error {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r comparedRun) bool { return r.config == nil })
	if len(runs) < 2 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := "\nKEY"
	for _, r := range runs {
		head += "\t" + clip(r.Name, 16)
	}
	differ := false
	for _, k := range config.Keys() {
		row, first := k.Name, runs[0].config.Value(k.Name)
		same := true
		for _, r := range runs {
			v := r.config.Value(k.Name)
			same = same && reflect.DeepEqual(v, first)
			row += "\t" + clip(fmt.Sprint(v), 60/len(runs))
		}
		if same {
			continue
		}
		if !differ {
			fmt.Fprintln(w, head)
			differ = true
		}
		fmt.Fprintln(w, row)
	}
	return w.Flush()
}
