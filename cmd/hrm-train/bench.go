package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	goruntime "runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// benchResult is the object that hrm-train bench prints. Rates count the
// operations of the model's matrix products, see train.Spec.FLOPs.
type benchResult struct {
	Device           string  `json:"device"`
	Why              string  `json:"why"`
	Precision        string  `json:"precision"`
	Threads          int     `json:"threads"`
	Parameters       int     `json:"parameters"` // trained, the puzzle table left out
	Lanes            int     `json:"lanes"`
	Steps            int     `json:"steps"`
	StepSeconds      float64 `json:"step_seconds"` // median
	SamplesPerSecond float64 `json:"samples_per_second"`
	TFLOPS           float64 `json:"tflops"`

	// Of the device's multiply-add units, measured in the same run.
	PeakF32  float64 `json:"peak_f32_tflops,omitempty"`
	PeakBF16 float64 `json:"peak_bf16_tflops,omitempty"`
	Share    float64 `json:"share_of_peak,omitempty"` // of the larger

	// Of the model's largest matrix product alone, on a GPU.
	MatMul      float64 `json:"matmul_tflops,omitempty"`
	MatMulShare float64 `json:"matmul_share_of_peak,omitempty"`

	// Of one step, every dispatch repeated and timed by itself; --profile.
	Kernels []benchKernel `json:"kernels,omitempty"`
}

type benchKernel struct {
	Name       string  `json:"name"`
	Dispatches int     `json:"dispatches"`
	Seconds    float64 `json:"seconds"`
}

func newBench() *cobra.Command {
	var f configFlags
	var steps int
	var profile bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the speed of a training step",
		Long: `Runs training steps of a preset or configuration on made-up puzzles, and prints
one JSON object: samples per second (a sample is one segment of one puzzle), the
rate of floating-point operations, and its share of what the device's fastest
multiply-add units were measured to do in the same run; on a GPU also the rate and
share of the model's largest matrix product alone.`,
		Example: "  hrm-train bench --preset sudoku-cpu --precision bf16",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench(cmd, &f, steps, profile)
		},
	}
	f.register(cmd, "device", "threads", "precision")
	cmd.Flags().IntVar(&steps, "steps", 5, "steps to measure, after one to warm up")
	cmd.Flags().BoolVar(&profile, "profile", false, "on a GPU also time every kernel of a step")
	return cmd
}

func bench(cmd *cobra.Command, f *configFlags, steps int, profile bool) error {
	if steps < 1 {
		return fmt.Errorf("--steps is %d, want 1 or more", steps)
	}
	c, err := f.config(cmd)
	if err != nil {
		return err
	}
	run, err := c.Train(1)
	if err != nil {
		return err
	}
	d, why, err := openDevice(c.Device, &run.Spec, c.Threads)
	if err != nil {
		return err
	}
	defer d.Close()
	seconds, err := timeSteps(cmd.Context(), d, &run, steps)
	if err != nil {
		return err
	}
	r := benchResult{
		Device: d.Name(), Why: why, Precision: c.Precision, Threads: threadCount(c.Threads), Lanes: c.BatchSize, Steps: steps,
		Parameters: parameters(&run.Spec.Config), StepSeconds: seconds,
		SamplesPerSecond: float64(c.BatchSize) / seconds, TFLOPS: run.Spec.FLOPs() / seconds / 1e12,
	}
	if isCPU(d) {
		r.measurePeak()
	}
	if g, ok := d.(*webGPU); ok {
		if err := r.measureGPU(g.gpu, &run.Spec); err != nil {
			return err
		}
		if profile {
			if err := r.profile(cmd.Context(), g, &run); err != nil {
				return err
			}
		}
	}
	return printJSON(cmd.OutOrStdout(), r)
}

// timeSteps returns the median time of a step.
func timeSteps(ctx context.Context, d train.Device, c *train.Config, steps int) (float64, error) {
	if err := d.Load(train.NewState(&c.Spec, c.Seed)); err != nil {
		return 0, err
	}
	in := train.StepIn{LR: c.LR, PuzzleLR: c.PuzzleLR, Segment: make([]int32, c.Spec.Lanes), Refill: randomRefills(&c.Spec)}
	var out train.StepOut
	var times []float64
	for in.Step = 1; in.Step <= int64(steps)+1; in.Step++ {
		start := time.Now()
		if err := d.Step(ctx, &in, &out); err != nil {
			return 0, err
		}
		if in.Step > 1 {
			times = append(times, time.Since(start).Seconds())
		}
		in.Refill = nil
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func randomRefills(s *train.Spec) []train.Refill {
	rng := rand.New(rand.NewPCG(1, 2))
	refills := make([]train.Refill, s.Lanes)
	for lane := range refills {
		r := train.Refill{Lane: lane, Input: runtime.Input{Tokens: make([]int32, s.Config.SeqLen)}, Labels: make([]int32, s.Config.SeqLen)}
		for i := range r.Labels {
			r.Input.Tokens[i], r.Labels[i] = rng.Int32N(int32(s.Config.VocabSize)), rng.Int32N(int32(s.Config.VocabSize))
			if !s.Config.CanSay(s.Config.Grid(), r.Labels[i]) {
				r.Labels[i] = train.IgnoreLabel
			}
		}
		refills[lane] = r
	}
	return refills
}

func (r *benchResult) measurePeak() {
	r.PeakF32 = kernels.PeakF32(r.Threads, time.Second) / 1e12
	r.PeakBF16 = kernels.PeakBF16(r.Threads, time.Second) / 1e12
	r.Share = r.TFLOPS / max(r.PeakF32, r.PeakBF16)
}

// measureGPU measures the GPU's peak, and the product of the gate and up
// weights with the rows of all lanes.
func (r *benchResult) measureGPU(g *gpu.Device, s *train.Spec) error {
	peak, err := g.PeakF32(time.Second)
	if err != nil {
		return err
	}
	c := &s.Config
	product, err := g.MatMulF32(s.Lanes*c.P(), 2*c.Inter(), c.Hidden)
	r.PeakF32, r.MatMul = peak/1e12, product/1e12
	r.Share, r.MatMulShare = r.TFLOPS/r.PeakF32, product/peak
	return err
}

// profile times the kernels of one more step.
func (r *benchResult) profile(ctx context.Context, g *webGPU, c *train.Config) error {
	times, err := g.gpu.Profile(func() error {
		in := train.StepIn{Step: 1, LR: c.LR, PuzzleLR: c.PuzzleLR, Segment: make([]int32, c.Spec.Lanes)}
		return g.Step(ctx, &in, &train.StepOut{})
	})
	for _, t := range times {
		r.Kernels = append(r.Kernels, benchKernel(t))
	}
	return err
}

// threadCount is the number of threads that a key threads of n means.
func threadCount(n int) int {
	if n > 0 {
		return n
	}
	return goruntime.GOMAXPROCS(0)
}

// parameters counts the dense weights.
func parameters(c *runtime.Config) int {
	n := 0
	for _, t := range train.NewLayout(c).Tensors {
		n += t.Len()
	}
	return n
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
