//go:build js && wasm

package main

import "fmt"

// chooseDevice says why the processor runs a model that a host wants on
// "auto", "wasm" or "webgpu". The error wraps errDevice.
func chooseDevice(name string) (why string, err error) {
	const noGPU = "this build has no WebGPU backend"
	switch name {
	case "", "auto":
		return "auto: " + noGPU, nil
	case "wasm":
		return "asked for", nil
	case "webgpu":
		return "", fmt.Errorf("%w: %s; ask for \"auto\" or \"wasm\"", errDevice, noGPU)
	}
	return "", fmt.Errorf("%w: device is %q, want auto, wasm or webgpu", errDevice, name)
}
