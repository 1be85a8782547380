// Command peers runs segments of the same models in this module, in ONNX
// Runtime and in PyTorch, side by side, and prints how their times compare:
//
//	go run ./bench/peers
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	goruntime "runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command; its result is the exit status: 0, 1 where engines
// disagree or fail, 130 after an interrupt.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(errOut, "peers: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(errOut, "peers:", err)
		return 1
	}
	return 0
}

type flags struct {
	engines []string
	tokens  []int
	lanes   []int
	answers int
	quick   bool
	json    bool
	rows    []string
	plot    string
	bench
}

func newRoot() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "peers",
		Short: "Time this module, ONNX Runtime and PyTorch on the same models, turn by turn",
		Long: `Run one segment of the full-size HRM (27 million seeded random weights) in this
module (int8 with the best kernels, int8 without AMX, fp32), in ONNX Runtime (int8
and fp32, through npm's onnxruntime-node, on what hrm export writes) and in
PyTorch (fp32), all with the same threads. Engines are processes that take turns;
the best time and the median of all turns are printed, in milliseconds a puzzle.
Then the embedded model answers sudokus one at a time, with learned halting: the
time of an answer, from the start of a process to its first, memory and size.

After the first segment the states of all engines are compared: fp32 within 1e-3,
int8 by a cosine of 0.99. fp32 engines must give the same answers to the sudokus.
An engine that is not installed is left out, with a word on how to install it.

--json prints one object a row: kind ("segment"), engine (hrm, onnxruntime,
pytorch), precision (int8, fp32), version (of hrm the kernels), threads, lanes,
tokens, ms_per_segment (the best, per puzzle), median_ms_per_segment, runs,
resident_bytes; and rows of kind "answer" with ms_to_first_answer, ms_per_answer,
segments_per_answer, program_bytes (files mapped as code), model_bytes; one of
these is of the command "hrm solve", from its start to its end.`,
		Example: `  go run ./bench/peers
  go run ./bench/peers --quick --engines hrm,onnxruntime
  go run ./bench/peers --tokens 81 --lanes 1,8 --answers 0 --json > rows.json
  go run ./bench/peers --rows rows.json,more.json --plot peers.svg`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&f.engines, "engines", engines, "which to run")
	fs.IntSliceVar(&f.tokens, "tokens", []int{81, 900}, "sizes of a puzzle; 0 for none")
	fs.IntSliceVar(&f.lanes, "lanes", nil, "puzzles at a time (default 1,8,32, above 81 tokens 1,4)")
	fs.IntVar(&f.answers, "answers", 20, "sudokus to answer with the embedded model; 0 for none")
	fs.IntVar(&f.threads, "threads", goruntime.NumCPU(), "threads of each engine")
	fs.IntVar(&f.rounds, "rounds", 5, "turns of each engine")
	fs.Float64Var(&f.seconds, "seconds", 0.5, "length of a turn, which is one segment at least")
	fs.BoolVar(&f.quick, "quick", false, "81 tokens only, fewer lanes, two short rounds")
	fs.BoolVar(&f.json, "json", false, "print one JSON object a row")
	fs.StringSliceVar(&f.rows, "rows", nil, "print the rows of these `FILES` of --json, and measure nothing")
	fs.StringVar(&f.plot, "plot", "", "also draw the segments to an .svg or .png `FILE`")
	cmd.AddCommand(&cobra.Command{
		Use: "engine", Short: "Answer the commands of another peers process", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	})
	cmd.CompletionOptions.DisableDefaultCmd = true
	return cmd
}

func (f *flags) check() error {
	for _, name := range f.engines {
		if !slices.Contains(engines, name) {
			return fmt.Errorf("--engines has %q, want some of %s", name, strings.Join(engines, ", "))
		}
	}
	f.tokens = slices.DeleteFunc(f.tokens, func(n int) bool { return n == 0 })
	if i := slices.IndexFunc(slices.Concat(f.tokens, f.lanes), func(n int) bool { return n < 1 || n > 1<<16 }); i >= 0 {
		return errors.New("--tokens and --lanes must be 1 or more, and at most 65536")
	}
	if f.rounds < 1 || f.threads < 1 || f.answers < 0 || !(f.seconds >= 0) {
		return errors.New("--rounds and --threads must be 1 or more, --answers and --seconds not below 0")
	}
	return nil
}

func (f *flags) run(cmd *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.quick {
		f.rounds, f.seconds = 2, 0.1
		f.tokens, f.answers = []int{81}, min(f.answers, 3)
		if f.lanes == nil {
			f.lanes = []int{1, 8}
		}
	}
	f.errOut = cmd.ErrOrStderr()
	rows, err := f.measured(cmd.Context())
	if err != nil {
		return err
	}
	if f.plot != "" {
		if err := drawFile(f.plot, rows); err != nil {
			return err
		}
	}
	if !f.json {
		return print(cmd.OutOrStdout(), rows)
	}
	lines := json.NewEncoder(cmd.OutOrStdout())
	for _, r := range rows {
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// measured returns the rows, new or read.
func (f *flags) measured(ctx context.Context) (rows []Row, err error) {
	for _, name := range f.rows {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		some, err := readRows(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, some...)
	}
	if f.rows != nil {
		return rows, nil
	}
	peers, err := present(ctx, peersOf(f.engines), f.errOut)
	if err != nil || len(peers) == 0 {
		return nil, err
	}
	for _, tokens := range f.tokens {
		some, err := f.segments(ctx, peers, size{fullSize(tokens), f.lanesOf(tokens)})
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	if f.answers > 0 {
		some, err := f.bench.answers(ctx, peers, f.answers)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func (f *flags) lanesOf(tokens int) []int {
	switch {
	case f.lanes != nil:
		return f.lanes
	case tokens > 81:
		return []int{1, 4}
	}
	return []int{1, 8, 32}
}
