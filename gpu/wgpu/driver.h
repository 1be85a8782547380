// The smallest layer over wgpu-native that a recorded list of commands needs.
// Every callback's state lies in C memory, so no garbage collection can move
// or free it. All functions of one driver are called by one thread at a time.
#ifndef HRM_WGPU_DRIVER_H
#define HRM_WGPU_DRIVER_H

#include "include/wgpu.h"

enum { hrm_message_size = 2048, hrm_max_bindings = 16 };

// Commands, as package gpu encodes them.
enum { hrm_op_dispatch = 1, hrm_op_copy = 2, hrm_op_clear = 3 };

typedef struct {
	WGPUInstance instance;
	WGPUAdapter adapter;
	WGPUDevice device;
	WGPUQueue queue;
	WGPUBuffer staging; // grows to the largest read-back
	uint64_t staging_size;
	WGPULimits limits;
	WGPUBackendType backend;
	WGPUAdapterType type;
	char name[256];
	int mapped;                      // set by the read-back's callback: 1, or -1 after a failure
	int lost;                        // set by the device-lost callback
	int failed;                      // an error was caught; message says which
	char message[hrm_message_size]; // of the first error since a call began
} hrm_driver;

typedef struct {
	WGPUComputePipeline pipeline;
	WGPUBindGroupLayout layout;
} hrm_pipeline;

// Each returns 0, or -1 with the reason in d->message.
hrm_driver *hrm_open(int power, char *message, size_t message_size);
void hrm_close(hrm_driver *d);
void hrm_destroy(hrm_driver *d);
WGPUBuffer hrm_buffer(hrm_driver *d, char const *label, uint64_t size, uint32_t usage);
int hrm_make_pipeline(hrm_driver *d, char const *label, char const *wgsl, uint8_t const *access, size_t n, hrm_pipeline *out);
WGPUBindGroup hrm_group(hrm_driver *d, WGPUBindGroupLayout layout, uintptr_t const *buffers, uint64_t const *offsets, uint64_t const *sizes, size_t n);
int hrm_write(hrm_driver *d, WGPUBuffer b, uint64_t offset, void const *data, size_t size);
int hrm_submit(hrm_driver *d, uint32_t const *words, size_t n, uintptr_t const *pipelines, uintptr_t const *groups, uintptr_t const *buffers,
	WGPUBuffer from, uint64_t offset, uint64_t size);
int hrm_receive(hrm_driver *d, void *dst, uint64_t size);

#endif
