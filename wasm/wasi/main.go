// Command wasi is the solver as a WASI command, for any host that runs one:
//
//	wazero run hrm-wasi.wasm < puzzles.txt
//
// It reads puzzles from its arguments or else from standard input, as hrm solve
// does, and writes a line of JSON for each. The model is the embedded one, or the file that -model names in
// a folder that the host grants.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/guest"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const usage = `Reads puzzles from its arguments, or else from standard input, and writes a line of
JSON for each:
hrm-wasi.wasm [-model file] [-restarts n] [-max-segments n] [-no-check] [-anyway] [-seed n] [puzzle]...

Exit status: 0 every puzzle was solved, 1 some were not, 2 wrong usage, or some
puzzle could not be read.
`

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("hrm-wasi", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() { fmt.Fprint(errOut, usage); flags.PrintDefaults() }
	var o abi.Options
	model := flags.String("model", "", "a .hrm `file`; the embedded model solves sudokus")
	restarts := flags.Int("restarts", -1, "further attempts for an answer that is not accepted; below 0: as many as the task gets by default")
	flags.IntVar(&o.MaxSegments, "max-segments", 0, "segments of an attempt (default the model's own)")
	flags.BoolVar(&o.NoCheck, "no-check", false, "let the halting head, not the rules, decide about further attempts")
	flags.BoolVar(&o.Anyway, "anyway", false, "let the model try puzzles that have no answer, or several")
	flags.Uint64Var(&o.Seed, "seed", 0, "of further attempts")
	if err := flags.Parse(args); err == flag.ErrHelp {
		return 0
	} else if err != nil {
		return 2
	}
	o.Attempts = max(-1, *restarts) + 1
	if flags.NArg() > 0 { // rows of one or several puzzles
		in = strings.NewReader(strings.Join(flags.Args(), "\n"))
	}
	t, err := solve(*model, in, out, o)
	if err == nil && t == (guest.Tally{}) {
		err = errors.New("the input holds no puzzle")
	}
	if err != nil {
		fmt.Fprintln(errOut, "hrm-wasi:", err)
		return 2
	}
	return t.Status()
}

func solve(model string, in io.Reader, out io.Writer, o abi.Options) (t guest.Tally, err error) {
	var g guest.Guest
	if model != "" {
		data, err := os.ReadFile(model)
		if err != nil {
			return t, fmt.Errorf("%w: the host must grant the folder, as wazero run -mount does", err)
		}
		if reply := g.Do(&abi.Request{Op: abi.OpOpen, Model: data}); reply.Error != nil {
			return t, fmt.Errorf("%s: %w", model, reply.Error)
		}
	}
	return g.Lines(out, in, o)
}
