//go:build js && wasm && webgpu

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/runtime"
)

// gpuBackend owns its device.
type gpuBackend struct {
	*gpu.Backend
	device *gpu.Device
}

// Close frees both.
func (b gpuBackend) Close() error { return errors.Join(b.Backend.Close(), b.device.Close()) }

// startGPU puts the processor behind a GPU, which may be a software one.
func startGPU(m *model) error {
	b, err := openGPU(m.Model, true)
	if err == nil {
		m.Backend = runtime.Fallback(b, m.Backend)
	}
	return err
}

// openGPU starts a model on the GPU; on a software one only if that is wanted.
func openGPU(m *runtime.Model, software bool) (runtime.Backend, error) {
	d, err := wgpu.Open()
	if err != nil {
		return nil, err
	}
	if info := d.Info(); info.Software && !software {
		return nil, errors.Join(fmt.Errorf("the only WebGPU adapter is software, %s", info.Name), d.Close())
	}
	b, err := gpu.New(d, m)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return gpuBackend{b, d}, nil
}

// auto races a segment of one puzzle on each, and keeps the faster.
func auto(ctx context.Context, m *model) (device, error) {
	b, err := openGPU(m.Model, false)
	if err != nil {
		return device{"wasm", fmt.Sprint("auto: ", err)}, nil
	}
	r, err := runtime.Race(ctx, b, m.Backend, 1)
	if err != nil {
		return device{}, errors.Join(err, b.Close())
	}
	if !r.FirstWins {
		return device{"wasm", "auto: " + r.Why}, b.Close()
	}
	m.Backend = runtime.Fallback(b, m.Backend)
	return device{"webgpu", "auto: " + r.Why}, nil
}
