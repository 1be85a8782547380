// Package gpu runs HRM and TRM models on a GPU through WebGPU compute shaders:
// inference as a runtime.Backend, and the kernels that package train/webgpu trains
// with.
//
//	wgpu.Open -> Device --- Kernel("matmul", ...) ---> shaders/*.wgsl
//	               |  Dispatch, Copy, Clear   recorded
//	               |  Flush, Read             one submit
//	               v
//	            Driver  (wgpu/native.go, C) or the browser
//
// Everything is float32, row-major. One goroutine at a time uses a Device and
// all that was made from it.
package gpu

import "errors"

var (
	// ErrNotBuilt is returned by wgpu.Open in a program without WebGPU.
	ErrNotBuilt = errors.New("webgpu: not in this build (it needs cgo and a C compiler on linux, darwin or windows, amd64 or arm64, and no tag nogpu)")
	// ErrNoAdapter is returned when the system has no GPU or no driver for it.
	ErrNoAdapter = errors.New("webgpu: no adapter")
	// ErrLost is wrapped by every error after the device was lost.
	ErrLost = errors.New("webgpu: device lost")
	// ErrLimit is wrapped when something is larger than the device allows. The
	// error names the limit.
	ErrLimit = errors.New("webgpu: over the device's limit")
)

// Driver is what a platform must give. Buffers, pipelines and bind groups are
// small numbers, so that a command list is plain words that one call into the
// platform encodes and submits.
type Driver interface {
	Info() Info
	// CreateBuffer makes a zeroed buffer for shaders and copies, or one of
	// uniform parameters.
	CreateBuffer(label string, size uint64, uniform bool) (uint32, error)
	// CreatePipeline compiles a shader whose entry point is main and whose
	// bindings 0, 1, ... of group 0 have the given access.
	CreatePipeline(label, wgsl string, access []Access) (uint32, error)
	CreateGroup(pipeline uint32, ranges []Range) (uint32, error)
	ReleaseBuffer(id uint32)
	ReleaseGroup(id uint32)
	ReleasePipeline(id uint32)
	// Write copies data before the next Submit. Offset and length are
	// multiples of 4.
	Write(buffer uint32, offset uint64, data []byte) error
	// Submit runs a command list and does not wait. When read is not empty it
	// then copies that range for Receive.
	Submit(words []uint32, read Range) error
	// Receive waits for the last submit that had a range to read, not for
	// those after it, and copies the range, len(dst) bytes, to dst.
	Receive(dst []byte) error
	// Destroy makes the device lost, for tests.
	Destroy()
	Close() error
}

// The words of a command list. Offsets and sizes are in units of 4 bytes.
const (
	opDispatch = 1 // pipeline, group, offset of the parameters in bytes, x, y, z
	opCopy     = 2 // from, offset, to, offset, size
	opClear    = 3 // buffer, offset, size
)

// dispatchWords is the length of a dispatch in a command list.
const dispatchWords = 7

// Access says how a shader uses a binding.
type Access uint8

const (
	Uniform Access = iota // parameters, with a dynamic offset
	ReadOnly
	ReadWrite
)

// Range is a part of a buffer, in bytes.
type Range struct {
	Buffer       uint32
	Offset, Size uint64
}

// Info describes a device.
type Info struct {
	Name     string // "NVIDIA H200"
	Software bool   // a processor plays the GPU
	Limits   Limits
}

// Limits are those of a device that matter here, by their WebGPU names.
type Limits struct {
	BufferSize       uint64 // maxBufferSize
	BindingSize      uint64 // maxStorageBufferBindingSize
	StorageBuffers   int    // maxStorageBuffersPerShaderStage
	WorkgroupStorage int    // maxComputeWorkgroupStorageSize
	WorkgroupSize    int    // maxComputeInvocationsPerWorkgroup
	Workgroups       int    // maxComputeWorkgroupsPerDimension
}
