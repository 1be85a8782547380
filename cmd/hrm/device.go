package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// errNoGPU is wrapped where a GPU cannot be had: none in this build, none in
// this machine, or one that the processor plays.
var errNoGPU = errors.New("no GPU")

// startBackend starts a model on the device of that name, and says why it is
// that one. A GPU has the processor behind it, for when it is lost.
func startBackend(ctx context.Context, device string, threads, lanes int, m *runtime.Model) (b runtime.Backend, why string, err error) {
	switch device {
	case "auto", "webgpu":
	case "cpu":
		b, err = startCPU(threads, m)
		return b, "asked for", err
	default:
		return nil, "", fmt.Errorf("--device is %q, want auto, cpu or webgpu", device)
	}
	onGPU, err := startGPU(m, device == "webgpu")
	if err != nil && device == "webgpu" {
		return nil, "", err
	}
	onCPU, cpuErr := startCPU(threads, m)
	if cpuErr != nil || err != nil {
		if onGPU != nil {
			onGPU.Close()
		}
		return onCPU, fmt.Sprint("auto: ", err), cpuErr
	}
	if device == "webgpu" {
		return runtime.Fallback(onGPU, onCPU), "asked for", nil
	}
	return race(ctx, onGPU, onCPU, lanes)
}

func startCPU(threads int, m *runtime.Model) (runtime.Backend, error) {
	b, err := cpu.New(m, cpu.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// race times a segment on each, after one to warm up, and keeps the faster.
func race(ctx context.Context, onGPU, onCPU runtime.Backend, lanes int) (runtime.Backend, string, error) {
	tg, gpuErr := segmentTime(ctx, onGPU, lanes)
	tc, err := segmentTime(ctx, onCPU, lanes)
	if err != nil {
		return nil, "", errors.Join(err, onGPU.Close(), onCPU.Close())
	}
	why := fmt.Sprintf("auto: a segment of %d puzzles takes %v on %s, %v on %s",
		lanes, tg.Round(time.Microsecond), onGPU.Name(), tc.Round(time.Microsecond), onCPU.Name())
	if gpuErr != nil {
		why = fmt.Sprint("auto: ", gpuErr)
	}
	if gpuErr != nil || tc <= tg {
		return onCPU, why, onGPU.Close()
	}
	return runtime.Fallback(onGPU, onCPU), why, nil
}

// segmentTime returns the time of the second segment of a batch of blank
// puzzles.
func segmentTime(ctx context.Context, b runtime.Backend, n int) (time.Duration, error) {
	batch, err := b.NewBatch(n)
	if err != nil {
		return 0, err
	}
	defer batch.Close()
	lanes := make([]int, n)
	in := runtime.Input{Tokens: make([]int32, b.Config().SeqLen)}
	for i := range lanes {
		lanes[i] = i
		if err := batch.Reset(i, in); err != nil {
			return 0, err
		}
	}
	var out runtime.Output
	if err := batch.Step(ctx, lanes, &out); err != nil {
		return 0, err
	}
	start := time.Now()
	err = batch.Step(ctx, lanes, &out)
	return time.Since(start), err
}

// startForBench starts a model on one device, auto being the processor, and
// measures that device's peak in operations a second. threads is 0 on a GPU.
func startForBench(device string, n int, m *runtime.Model) (b runtime.Backend, threads int, peak float64, err error) {
	if device == "webgpu" {
		if b, err = startGPU(m, true); err != nil {
			return nil, 0, 0, err
		}
		if g, ok := b.(interface {
			PeakF32(time.Duration) (float64, error)
		}); ok {
			peak, err = g.PeakF32(peakTime)
		}
		return b, 0, peak, err
	}
	c, err := cpu.New(m, cpu.Options{Threads: n})
	if err != nil {
		return nil, 0, 0, err
	}
	return c, c.Threads(), kernels.PeakF32(c.Threads(), peakTime), nil
}
