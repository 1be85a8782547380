package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
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
	case "auto":
		return auto(ctx, threads, lanes, m)
	case "cpu":
		b, err = startCPU(threads, m)
		return b, "asked for", err
	case "webgpu":
		b, err = startBoth(threads, m)
		return b, "asked for", err
	}
	return nil, "", fmt.Errorf("--device is %q, want auto, cpu or webgpu", device)
}

func startCPU(threads int, m *runtime.Model) (runtime.Backend, error) {
	b, err := cpu.New(m, cpu.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// startBoth starts a model on any GPU, with the processor behind it.
func startBoth(threads int, m *runtime.Model) (runtime.Backend, error) {
	onGPU, err := startGPU(m, true)
	if err != nil {
		return nil, err
	}
	onCPU, err := startCPU(threads, m)
	if err != nil {
		return nil, errors.Join(err, onGPU.Close())
	}
	return runtime.Fallback(onGPU, onCPU), nil
}

// auto starts a model on the faster device: the one that was faster when the
// two were last raced, or else the winner of a race.
func auto(ctx context.Context, threads, lanes int, m *runtime.Model) (runtime.Backend, string, error) {
	onCPU, err := startCPU(threads, m)
	if err != nil {
		return nil, "", err
	}
	if !hasGPU {
		return onCPU, "auto: no GPU in this build", nil
	}
	key := raceKey(onCPU.Name(), threads, lanes, m)
	past, known := recall(key)
	if known && past.GPU == "" {
		return onCPU, past.String(), nil
	}
	onGPU, err := startGPU(m, false)
	if err != nil {
		remember(key, verdict{Why: err.Error()})
		return onCPU, fmt.Sprint("auto: ", err), nil
	}
	if known && past.GPU == onGPU.Name() {
		return runtime.Fallback(onGPU, onCPU), past.String(), nil
	}
	b, v, err := race(ctx, onGPU, onCPU, lanes)
	if err == nil {
		remember(key, v)
	}
	return b, "auto: " + v.Why, err
}

// race keeps the faster of the two.
func race(ctx context.Context, onGPU, onCPU runtime.Backend, lanes int) (runtime.Backend, verdict, error) {
	r, err := runtime.Race(ctx, onGPU, onCPU, lanes)
	v := verdict{Why: r.Why}
	if err != nil {
		return nil, v, errors.Join(err, onGPU.Close(), onCPU.Close())
	}
	if !r.FirstWins {
		return onCPU, v, onGPU.Close()
	}
	v.GPU = onGPU.Name()
	return runtime.Fallback(onGPU, onCPU), v, nil
}

// startForBench starts a model on "cpu", "webgpu", or "gpu", which is hardware, and
// measures that device's peak in operations a second. threads is 0 on a GPU.
func startForBench(device string, n int, m *runtime.Model) (b runtime.Backend, threads int, peak float64, err error) {
	if device != "cpu" {
		if b, err = startGPU(m, device == "webgpu"); err != nil {
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
	if formatOf(m) == quantize.I8 && kernels.FastI8() {
		return c, c.Threads(), kernels.PeakI8(c.Threads(), peakTime), nil
	}
	return c, c.Threads(), kernels.PeakF32(c.Threads(), peakTime), nil
}
