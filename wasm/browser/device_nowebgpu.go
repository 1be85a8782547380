//go:build js && wasm && !webgpu

package main

import (
	"context"
	"errors"

	"github.com/hrmgo/hrm/wasm/session"
)

// errNoGPU: the program with WebGPU is a larger module of its own, for the
// hosts that have a GPU.
var errNoGPU = errors.New("this module has no WebGPU backend")

func startGPU(*session.Session) error { return errNoGPU }

func auto(context.Context, *session.Session) (device, error) {
	return device{"wasm", "auto: " + errNoGPU.Error()}, nil
}
