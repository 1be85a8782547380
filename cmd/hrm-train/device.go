package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/cpu"
	"github.com/hrmgo/hrm/train/webgpu"
)

// openDevice opens the device of that name and says why it is that one.
// "auto" takes a GPU where there is one that works.
func openDevice(name string, s *train.Spec, threads int) (d train.Device, why string, err error) {
	if name == "cpu" {
		d, err = openCPU(s, threads)
		return d, "asked for", err
	}
	d, err = openWebGPU(s, name == "auto")
	switch {
	case err == nil && name == "webgpu":
		return d, "asked for", nil
	case err == nil:
		return d, "auto", nil
	case name == "webgpu":
		return nil, "", fmt.Errorf("device webgpu: %w", err)
	}
	why = "auto: " + noGPU(err)
	d, err = openCPU(s, threads)
	return d, why, err
}

// errSoftware is why auto does not take a GPU that the processor imitates.
var errSoftware = errors.New("webgpu: the only adapter is software")

// noGPU says in a few words why there is no GPU to train on.
func noGPU(err error) string {
	switch {
	case errors.Is(err, gpu.ErrNotBuilt):
		return "this build has no WebGPU"
	case errors.Is(err, gpu.ErrNoAdapter):
		return "no GPU found"
	case errors.Is(err, errSoftware):
		return "the only GPU is imitated in software"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return clip(line, 50)
}

// openWebGPU opens the system's GPU; a software adapter only if it is wanted.
func openWebGPU(s *train.Spec, hardware bool) (train.Device, error) {
	g, err := wgpu.Open()
	if err != nil {
		return nil, err
	}
	if info := g.Info(); hardware && info.Software {
		_ = g.Close()
		return nil, fmt.Errorf("%w: %s", errSoftware, info.Name)
	}
	d, err := webgpu.Open(g, *s)
	if err != nil {
		_ = g.Close()
		return nil, err
	}
	return &webGPU{d, g}, nil
}

// webGPU is a training device that owns its GPU.
type webGPU struct {
	*webgpu.Device
	gpu *gpu.Device
}

func (d *webGPU) Close() error { return errors.Join(d.Device.Close(), d.gpu.Close()) }

func openCPU(s *train.Spec, threads int) (train.Device, error) {
	d, err := cpu.Open(*s, cpu.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// isCPU reports whether a device runs on the processor.
func isCPU(d train.Device) bool {
	_, ok := d.(*cpu.Device)
	return ok
}
