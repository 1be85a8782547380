//go:build !webgpu

package main

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime"
)

const hasGPU = false

// startGPU says that this build has no WebGPU. Its library is a large download
// that the first `go run ./cmd/hrm` should not wait for.
func startGPU(*runtime.Model, bool) (runtime.Backend, error) {
	return nil, fmt.Errorf("%w in this build: build hrm with -tags webgpu", errNoGPU)
}
