package main

import (
	"fmt"

	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/cpu"
)

// openDevice opens the device of that name and says why it is that one.
// "auto" takes a GPU where there is one that works.
func openDevice(name string, s *train.Spec, threads int) (d train.Device, why string, err error) {
	if name == "cpu" {
		d, err = openCPU(s, threads)
		return d, "asked for", err
	}
	d, err = openWebGPU(s)
	switch {
	case err == nil && name == "webgpu":
		return d, "asked for", nil
	case err == nil:
		return d, "auto: a GPU is there", nil
	case name == "webgpu":
		return nil, "", fmt.Errorf("device webgpu: %w", err)
	}
	why = fmt.Sprintf("auto: %v", err)
	d, err = openCPU(s, threads)
	return d, why, err
}

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
