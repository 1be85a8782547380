// Command hrm solves puzzles with Hierarchical Reasoning Models: it loads
// published and own weights, answers, evaluates, checks and measures.
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
)

//go:generate go run ../../internal/notices .

//go:embed licences.txt
var licences string

// Exit statuses of every subcommand.
const (
	statusOK          = 0
	statusFailed      = 1   // it ran, and some puzzle was not solved or some check failed
	statusUsage       = 2   // a wrong flag, an unreadable file, a malformed puzzle, output that cannot be written
	statusInterrupted = 130 // SIGINT or SIGTERM, after printing what was done
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

// exit is an error whose story has been told already: only its status is left.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// status prints err, unless it was told already, and returns the exit status.
func status(err error, errOut io.Writer) int {
	var told exit
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &told):
		return int(told)
	case errors.Is(err, context.Canceled) && !errors.Is(err, command.ErrOutput):
		fmt.Fprintln(errOut, "hrm: interrupted")
		return statusInterrupted
	}
	fmt.Fprintln(errOut, "hrm:", err)
	return statusUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "hrm",
		Short: "Solve puzzles with Hierarchical Reasoning Models",
		Long: `hrm runs Hierarchical Reasoning Models (HRM and TRM): small recurrent networks
that think about a puzzle, segment after segment, until a halting head says stop.

Exit status: 0 all is well; 1 it ran, but a puzzle was not solved or a check
failed; 2 wrong usage, bad input, or output that cannot be written; 130
interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newSolve(), newEval(), newServe(), newDemo(), newModels(), newPull(), newImport(), newQuantize(), newExport(), newInspect(), newVerify(), newBench())
	version.Add(root, licences)
	command.Flags(root)
	return root
}
