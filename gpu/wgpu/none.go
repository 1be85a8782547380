//go:build !((cgo && !nogpu && !js && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && (amd64 || arm64)))) || (js && wasm))

package wgpu

import "github.com/hrmgo/hrm/gpu"

// Open returns gpu.ErrNotBuilt: WebGPU needs cgo with a C compiler, on linux,
// darwin or windows, amd64 or arm64, and no tag nogpu.
func Open() (*gpu.Device, error) { return nil, gpu.ErrNotBuilt }
