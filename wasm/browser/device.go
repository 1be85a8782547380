//go:build js && wasm

package main

import (
	"context"
	"fmt"
)

// device is what a model runs on, and why.
type device struct {
	kind string // "wasm" or "webgpu"
	why  string
}

// chooseDevice puts a model, which runs on the processor, on
// what a host wants: "auto", "wasm" or "webgpu". A GPU has the processor behind
// it, for when it is lost. The error wraps errDevice.
func chooseDevice(ctx context.Context, m *model, name string) (device, error) {
	switch name {
	case "", "auto":
		return auto(ctx, m)
	case "wasm":
		return device{"wasm", "asked for"}, nil
	case "webgpu":
		if err := startGPU(m); err != nil {
			return device{}, fmt.Errorf("%w: %w; ask for \"auto\" or \"wasm\"", errDevice, err)
		}
		return device{"webgpu", "asked for"}, nil
	}
	return device{}, fmt.Errorf("%w: device is %q, want auto, wasm or webgpu", errDevice, name)
}
