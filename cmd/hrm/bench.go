package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// fullSize is the published HRM sudoku model, 27,275,266 parameters.
var fullSize = runtime.Config{
	Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512,
	Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2,
	Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
}

// peakTime is how long the peak is measured.
const peakTime = 500 * time.Millisecond

type benchFlags struct {
	modelFlags
	lanes   []int
	seconds float64
	json    bool
	to      command.FormatValue
	tokens  int
	shape   string
	grid    runtime.Shape
}

// benchReport is what hrm bench prints; its JSON names are in the help.
type benchReport struct {
	Model      string     `json:"model"`
	Backend    string     `json:"backend"`
	Threads    int        `json:"threads"`
	FLOP       float64    `json:"flop_per_segment"`
	PeakGFLOPS float64    `json:"peak_gflops"`
	Rows       []benchRow `json:"rows"`
}

type benchRow struct {
	Lanes   int     `json:"lanes"`
	Seconds float64 `json:"seconds_per_segment"`
	Median  float64 `json:"median_seconds"`
	Puzzle  float64 `json:"ms_per_puzzle_segment"`
	GFLOPS  float64 `json:"gflops"`
	Share   float64 `json:"share_of_peak"`
	MatMul  float64 `json:"matmul_gflops,omitempty"`
	MatPart float64 `json:"matmul_share,omitempty"`
	Runs    int     `json:"runs"`
}

func newBench() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure seconds per segment, and the share of this machine's peak",
		Long: `Measure one segment of a model at several numbers of lanes: the best and the
median time, the arithmetic done in the best, and its share of the best that the
same instructions reach in a loop of nothing else, on the same threads: float32
multiply-adds, or products of int8 for a model with int8 weights. The same is
said of the matrix products alone. Without --model the published full size is used,
with random weights (27,275,266 parameters); --tokens 900 makes it that for mazes.
--shape 20x45 measures puzzles of so many rows and columns, if the model takes them.
--to int8 or fp16 converts the weights first. Without --device the processor is measured, and then the GPU where there is one.

--json prints one object for each, on a line: model, backend (with the kernels in use), threads,
flop_per_segment (of one puzzle), peak_gflops, and rows of lanes,
seconds_per_segment, median_seconds, ms_per_puzzle_segment, gflops,
share_of_peak, runs, and on the processor matmul_gflops and matmul_share.

HRM_KERNELS=generic|avx2|avxvnni|avx512|amx|neon|sdot|i8mm chooses other kernels than the best.`,
		Example: `  hrm bench
  hrm bench --to int8
  hrm bench --tokens 900 --lanes 1,4 --threads 1 --json
  hrm bench --model maze.hrm --shape 20x45`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.modelFlags.add(cmd)
	cmd.Flags().IntSliceVar(&f.lanes, "lanes", []int{1, 8, 32}, "numbers of lanes")
	cmd.Flags().Float64Var(&f.seconds, "seconds", 3, "time to spend on each number of lanes")
	command.AddFormat(cmd, &f.to, "", "convert the weights to this `FORMAT` first: %s", "int8", "fp16")
	cmd.Flags().IntVar(&f.tokens, "tokens", fullSize.SeqLen, "`N` tokens of a puzzle, without --model")
	cmd.Flags().StringVar(&f.shape, "shape", "", "`ROWSxCOLS` of a puzzle (default the model's own grid)")
	cmd.MarkFlagsMutuallyExclusive("tokens", "shape")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object for each device")
	return cmd
}

func (f *benchFlags) run(cmd *cobra.Command) error {
	if i := slices.IndexFunc(f.lanes, func(n int) bool { return n < 1 }); i >= 0 {
		return fmt.Errorf("--lanes has %d, want 1 or more", f.lanes[i])
	}
	if err := f.readShape(); err != nil {
		return err
	}
	m, name, file, err := f.benchModel()
	if err != nil {
		return err
	}
	defer file.Close()
	if f.shape == "" {
		f.grid = m.Config.Grid()
	}
	var devices []string
	switch f.device {
	case "auto":
		devices = []string{"cpu"}
		if hasGPU {
			devices = append(devices, "gpu")
		}
	case "cpu", "webgpu":
		devices = []string{f.device}
	default:
		return fmt.Errorf("--device is %q, want auto, cpu or webgpu", f.device)
	}
	for _, device := range devices {
		if err := f.report(cmd, device, m, name); err != nil {
			return err
		}
	}
	return nil
}

// report measures a model on one device and prints what came out. The device
// "gpu" is left out where there is no hardware.
func (f *benchFlags) report(cmd *cobra.Command, device string, m *runtime.Model, name string) error {
	b, threads, peak, err := startForBench(device, f.threads, m)
	if device == "gpu" && errors.Is(err, errNoGPU) {
		fmt.Fprintln(cmd.ErrOrStderr(), err)
		return nil
	}
	if err != nil {
		return err
	}
	defer b.Close()
	r := &benchReport{Model: name, Backend: b.Name(), Threads: threads, FLOP: f.flop(&m.Config), PeakGFLOPS: peak / 1e9}
	bar := newProgress(cmd.ErrOrStderr(), len(f.lanes), "numbers of lanes measured")
	for _, lanes := range f.lanes {
		row, err := f.measure(cmd.Context(), b, lanes)
		if err != nil {
			return err
		}
		if threads > 0 {
			row.MatMul = matMulRate(&m.Config, formatOf(m), lanes, threads, peakTime) / 1e9
		}
		r.Rows = append(r.Rows, r.rate(row))
		bar.next("")
	}
	bar.end()
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	}
	return r.print(cmd.OutOrStdout())
}

func (f *benchFlags) benchModel() (m *runtime.Model, name string, file io.Closer, err error) {
	name, file = f.path, io.NopCloser(nil)
	if f.path != "" {
		m, file, err = f.open()
	} else {
		c := fullSize
		if c.SeqLen = f.tokens; f.shape != "" {
			c.SeqLen, c.Cols = f.grid.Len(), f.grid.Cols
		}
		name = "full size, random weights"
		m, err = runtime.NewModel(c, 1)
	}
	if err != nil || f.to.Name == "" {
		return m, name, file, err
	}
	m, _, err = m.Convert(f.to.Format)
	return m, name + " as " + f.to.Name, file, err
}

// formatOf returns the format of the model's largest matrices.
func formatOf(m *runtime.Model) quantize.Format { return m.Level(runtime.L)[0].Down.Format }

// flop returns the floating-point operations of one segment of one puzzle.
func (f *benchFlags) flop(c *runtime.Config) float64 {
	segment, _ := c.FLOPs(f.grid)
	return segment
}

// measure times segments of a number of lanes.
func (f *benchFlags) measure(ctx context.Context, b runtime.Backend, lanes int) (benchRow, error) {
	batch, err := b.NewBatch(lanes, f.grid.Len())
	if err != nil {
		return benchRow{}, err
	}
	defer batch.Close()
	all := make([]int, lanes)
	for i := range all {
		all[i] = i
		if err := batch.Reset(i, benchPuzzle(b.Config(), f.grid, i)); err != nil {
			return benchRow{}, err
		}
	}
	var out runtime.Output
	var times []time.Duration
	for start := time.Now(); len(times) < 3 || time.Since(start).Seconds() < f.seconds; {
		began := time.Now()
		if err := batch.Step(ctx, all, &out); err != nil {
			return benchRow{}, err
		}
		times = append(times, time.Since(began))
	}
	times = times[1:] // the first warms up
	slices.Sort(times)
	return benchRow{Lanes: lanes, Seconds: times[0].Seconds(), Median: times[len(times)/2].Seconds(), Runs: len(times)}, nil
}

// benchPuzzle returns tokens of every kind; what they mean makes no difference
// to the time.
func benchPuzzle(c *runtime.Config, grid runtime.Shape, lane int) runtime.Input {
	tokens := make([]int32, grid.Len())
	for i := range tokens {
		tokens[i] = int32((i*7 + lane) % c.VocabSize)
	}
	return runtime.Input{Tokens: tokens, Rows: grid.Rows, Cols: grid.Cols}
}

// readShape reads --shape.
func (f *benchFlags) readShape() error {
	if f.shape == "" {
		return nil
	}
	rows, cols, ok := strings.Cut(f.shape, "x")
	var err [2]error
	f.grid.Rows, err[0] = strconv.Atoi(rows)
	f.grid.Cols, err[1] = strconv.Atoi(cols)
	const most = 1 << 10
	if !ok || err[0] != nil || err[1] != nil || min(f.grid.Rows, f.grid.Cols) < 1 || max(f.grid.Rows, f.grid.Cols) > most {
		return fmt.Errorf("--shape is %q, want ROWSxCOLS, each from 1 to %d, as in 20x45", f.shape, most)
	}
	return nil
}

// rate derives the speeds of a row.
func (r *benchReport) rate(row benchRow) benchRow {
	row.Puzzle = 1000 * row.Seconds / float64(row.Lanes)
	row.GFLOPS = r.FLOP * float64(row.Lanes) / row.Seconds / 1e9
	row.Share = row.GFLOPS / r.PeakGFLOPS
	row.MatPart = row.MatMul / r.PeakGFLOPS
	return row
}

func (r *benchReport) print(out io.Writer) error {
	backend := r.Backend
	if r.Threads > 0 { // none on a GPU
		backend += ", " + count(r.Threads, "thread")
	}
	fmt.Fprintf(out, "%s on %s; %.2f GFLOP a segment and puzzle; peak %.0f GFLOP/s\n\n", r.Model, backend, r.FLOP/1e9, r.PeakGFLOPS)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "lanes\ts/segment\tmedian\tms/puzzle\tGFLOP/s\tof peak\tproducts alone\tof peak\t")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%d\t%.4f\t%.4f\t%.2f\t%.0f\t%.0f %%\t%.0f\t%.0f %%\t\n", row.Lanes, row.Seconds, row.Median, row.Puzzle, row.GFLOPS, 100*row.Share, row.MatMul, 100*row.MatPart)
	}
	return w.Flush()
}
