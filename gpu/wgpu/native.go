//go:build cgo && !nogpu && !js && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && (amd64 || arm64)))

package wgpu

/*
#include <stdlib.h>
#include "driver.h"
*/
import "C"

import (
	"fmt"
	"os"
	goruntime "runtime"
	"unsafe"

	_ "github.com/cogentcore/webgpu/wgpu" // for its static library

	"github.com/hrmgo/hrm/gpu"
)

// driver is wgpu-native behind gpu.Driver. Tables map the small numbers in a
// command list to the library's handles; freed places are used again.
type driver struct {
	c         *C.hrm_driver
	info      gpu.Info
	buffers   table
	groups    table
	pipelines table
	layouts   []C.WGPUBindGroupLayout // by pipeline
}

// table hands out the lowest free index for a handle.
type table struct {
	handles []uintptr
	free    []uint32
}

func (t *table) add(h uintptr) uint32 {
	if n := len(t.free); n > 0 {
		id := t.free[n-1]
		t.free = t.free[:n-1]
		t.handles[id] = h
		return id
	}
	t.handles = append(t.handles, h)
	return uint32(len(t.handles) - 1)
}

func (t *table) remove(id uint32) uintptr {
	h := t.handles[id]
	t.handles[id] = 0
	t.free = append(t.free, id)
	return h
}

func (t *table) pointer() *C.uintptr_t {
	return (*C.uintptr_t)(unsafe.Pointer(unsafe.SliceData(t.handles)))
}

// Open asks the system for its most powerful adapter.
func Open() (*gpu.Device, error) {
	d, err := open()
	if err != nil {
		return nil, err
	}
	dev, err := gpu.NewDevice(d)
	if err != nil {
		d.Close()
		return nil, err
	}
	return dev, nil
}

func open() (*driver, error) {
	if os.Getenv("XDG_RUNTIME_DIR") == "" { // Mesa's drivers complain on standard error
		_ = os.Setenv("XDG_RUNTIME_DIR", os.TempDir())
	}
	message := make([]byte, 1024)
	c := C.hrm_open(1, (*C.char)(unsafe.Pointer(&message[0])), C.size_t(len(message)))
	if c == nil {
		return nil, fmt.Errorf("%w: %s", gpu.ErrNoAdapter, C.GoString((*C.char)(unsafe.Pointer(&message[0]))))
	}
	d := &driver{c: c}
	l := &c.limits
	d.info = gpu.Info{
		Name:     C.GoString(&c.name[0]),
		Software: c._type == C.WGPUAdapterType_CPU,
		Limits: gpu.Limits{
			BufferSize:       uint64(l.maxBufferSize),
			BindingSize:      uint64(l.maxStorageBufferBindingSize),
			StorageBuffers:   int(l.maxStorageBuffersPerShaderStage),
			WorkgroupStorage: int(l.maxComputeWorkgroupStorageSize),
			WorkgroupSize:    int(l.maxComputeInvocationsPerWorkgroup),
			Workgroups:       int(l.maxComputeWorkgroupsPerDimension),
		},
	}
	return d, nil
}

func (d *driver) Info() gpu.Info { return d.info }

// failure is the first error of the last call.
func (d *driver) failure(what string) error {
	message := C.GoString(&d.c.message[0])
	if d.c.lost != 0 {
		return fmt.Errorf("%w: %s: %s", gpu.ErrLost, what, message)
	}
	return fmt.Errorf("webgpu: %s: %s", what, message)
}

const bufferUsage = C.WGPUBufferUsage_Storage | C.WGPUBufferUsage_CopySrc | C.WGPUBufferUsage_CopyDst

func (d *driver) CreateBuffer(label string, size uint64, uniform bool) (uint32, error) {
	usage := C.uint32_t(bufferUsage)
	if uniform {
		usage = C.WGPUBufferUsage_Uniform | C.WGPUBufferUsage_CopyDst
	}
	name := C.CString(label)
	defer C.free(unsafe.Pointer(name))
	b := C.hrm_buffer(d.c, name, C.uint64_t(size), usage)
	if b == nil {
		return 0, d.failure(fmt.Sprintf("buffer %q of %d bytes", label, size))
	}
	return d.buffers.add(uintptr(unsafe.Pointer(b))), nil
}

func (d *driver) CreatePipeline(label, wgsl string, access []gpu.Access) (uint32, error) {
	name, code := C.CString(label), C.CString(wgsl)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(code))
	var p C.hrm_pipeline
	if C.hrm_make_pipeline(d.c, name, code, (*C.uint8_t)(unsafe.Pointer(&access[0])), C.size_t(len(access)), &p) != 0 {
		return 0, d.failure(fmt.Sprintf("shader %q", label))
	}
	id := d.pipelines.add(uintptr(unsafe.Pointer(p.pipeline)))
	if int(id) == len(d.layouts) {
		d.layouts = append(d.layouts, nil)
	}
	d.layouts[id] = p.layout
	return id, nil
}

func (d *driver) CreateGroup(pipeline uint32, ranges []gpu.Range) (uint32, error) {
	var handles [C.hrm_max_bindings]C.uintptr_t
	var offsets, sizes [C.hrm_max_bindings]C.uint64_t
	for i, r := range ranges {
		handles[i] = C.uintptr_t(d.buffers.handles[r.Buffer])
		offsets[i], sizes[i] = C.uint64_t(r.Offset), C.uint64_t(r.Size)
	}
	g := C.hrm_group(d.c, d.layouts[pipeline], &handles[0], &offsets[0], &sizes[0], C.size_t(len(ranges)))
	if g == nil {
		return 0, d.failure("bind group")
	}
	return d.groups.add(uintptr(unsafe.Pointer(g))), nil
}

func (d *driver) ReleaseBuffer(id uint32) {
	C.wgpuBufferRelease(handle[C.WGPUBuffer](d.buffers.remove(id)))
}

func (d *driver) ReleaseGroup(id uint32) {
	C.wgpuBindGroupRelease(handle[C.WGPUBindGroup](d.groups.remove(id)))
}

func (d *driver) ReleasePipeline(id uint32) {
	C.wgpuBindGroupLayoutRelease(d.layouts[id])
	C.wgpuComputePipelineRelease(handle[C.WGPUComputePipeline](d.pipelines.remove(id)))
}

// handle turns a number of a table back into the library's pointer, which
// points to C memory.
func handle[T any](h uintptr) T { return *(*T)(unsafe.Pointer(&h)) }

func (d *driver) Write(buffer uint32, offset uint64, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	b := handle[C.WGPUBuffer](d.buffers.handles[buffer])
	if C.hrm_write(d.c, b, C.uint64_t(offset), unsafe.Pointer(&data[0]), C.size_t(len(data))) != 0 {
		return d.failure("write")
	}
	return nil
}

func (d *driver) Submit(words []uint32, read gpu.Range) error {
	var from C.WGPUBuffer
	if read.Size > 0 {
		from = handle[C.WGPUBuffer](d.buffers.handles[read.Buffer])
	}
	rc := C.hrm_submit(d.c, (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(words))), C.size_t(len(words)),
		d.pipelines.pointer(), d.groups.pointer(), d.buffers.pointer(),
		from, C.uint64_t(read.Offset), C.uint64_t(read.Size))
	goruntime.KeepAlive(d)
	if rc != 0 {
		return d.failure("submit")
	}
	return nil
}

func (d *driver) Receive(dst []byte) error {
	if C.hrm_receive(d.c, unsafe.Pointer(unsafe.SliceData(dst)), C.uint64_t(len(dst))) != 0 {
		return d.failure("read-back")
	}
	return nil
}

func (d *driver) Destroy() { C.hrm_destroy(d.c) }

func (d *driver) Close() error {
	C.hrm_close(d.c)
	d.c = nil
	return nil
}
