//go:build webgpu

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/runtime"
)

const hasGPU = true

// gpuBackend owns its device.
type gpuBackend struct {
	*gpu.Backend
	device *gpu.Device
}

// Close frees both.
func (b gpuBackend) Close() error { return errors.Join(b.Backend.Close(), b.device.Close()) }

// startGPU starts a model on the GPU; on a software one only if that is wanted.
func startGPU(m *runtime.Model, software bool) (runtime.Backend, error) {
	d, err := wgpu.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoGPU, err)
	}
	if info := d.Info(); info.Software && !software {
		return nil, errors.Join(fmt.Errorf("%w: the only WebGPU adapter is software, %s", errNoGPU, info.Name), d.Close())
	}
	b, err := gpu.New(d, m)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return gpuBackend{b, d}, nil
}

// PeakF32 measures the device.
func (b gpuBackend) PeakF32(about time.Duration) (float64, error) { return b.device.PeakF32(about) }
