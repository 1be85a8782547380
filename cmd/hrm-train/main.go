// Command hrm-train trains Hierarchical Reasoning Models: it makes the data,
// trains on a CPU or a GPU, evaluates, and exports the .hrm file that hrm and
// the libraries load.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/internal/version"
	"github.com/hrmgo/hrm/train/config"
)

//go:generate go run ../../internal/notices .

//go:embed licences.txt
var licences string

// Exit statuses of every subcommand.
const (
	statusOK          = 0
	statusFailed      = 1   // it ran and could not go on: training diverged, the disk is full
	statusUsage       = 2   // a wrong flag, an invalid configuration, an unreadable file
	statusInterrupted = 130 // SIGINT or SIGTERM, after saving
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command; its result is the exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	return status(command.Run(ctx, newRoot(), args, in, out, errOut), errOut)
}

// errFailed is wrapped by errors of work that began well.
var errFailed = errors.New("stopped")

// status prints err and returns the exit status.
func status(err error, errOut io.Writer) int {
	if err == nil {
		return statusOK
	}
	fmt.Fprintln(errOut, "hrm-train:", err)
	switch {
	case errors.Is(err, command.ErrOutput):
		return statusUsage
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	case errors.Is(err, errFailed):
		return statusFailed
	}
	return statusUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "hrm-train",
		Short: "Train Hierarchical Reasoning Models",
		Long: `hrm-train trains Hierarchical Reasoning Models (HRM and TRM) from puzzles to the
.hrm file that hrm loads. It needs no Python, no CUDA and no pip package.

	hrm-train data sudoku --generate 20000 --out train.csv.gz
	hrm-train run --preset sudoku-cpu --data train.csv.gz --validation valid.csv.gz --out run
	hrm-train export run --out sudoku.hrm

Exit status: 0 all is well; 1 it ran and could not go on (training diverged, the
disk is full); 2 wrong usage, bad input, or output that cannot be written; 130
interrupted, after saving.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newARC(), newLearn(), newData(), newEval(), newExport(), newBench(), newPlot(), newCompare(), newPresets())
	version.Add(root, licences)
	command.Flags(root)
	return root
}

// oneOf returns an error for a flag that has none of the values.
func oneOf(flag, value string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return fmt.Errorf("%w: --%s is %q, want one of %q", config.ErrConfig, flag, value, values)
}
