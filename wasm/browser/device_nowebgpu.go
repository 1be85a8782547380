//go:build js && wasm && !webgpu

package main

import (
	"context"
	"errors"
)

// errNoGPU: the program with WebGPU is a larger module of its own, for the
// hosts that have a GPU.
var errNoGPU = errors.New("this module has no WebGPU backend")

func startGPU(*model) error { return errNoGPU }

func auto(context.Context, *model) (device, error) {
	return device{"wasm", "auto: " + errNoGPU.Error()}, nil
}
