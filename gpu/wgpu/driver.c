//go:build cgo && !nogpu && !js && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && (amd64 || arm64)))

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <sched.h>
#include <time.h>
#endif

#include "driver.h"

// note keeps the first error message.
static void note(hrm_driver *d, char const *message) {
	if (d->failed) return;
	d->failed = 1;
	snprintf(d->message, sizeof d->message, "%s", message ? message : "no message");
}

static void on_error(WGPUErrorType type, char const *message, void *userdata) {
	if (type != WGPUErrorType_NoError) note(userdata, message);
}

static void on_lost(WGPUDeviceLostReason reason, char const *message, void *userdata) {
	hrm_driver *d = userdata;
	d->lost = 1;
	note(d, message);
}

// begin and end bracket calls whose errors are to be returned. Scopes are one
// stack per device, so out-of-memory and validation are both caught here.
static void begin(hrm_driver *d) {
	d->failed = 0;
	d->message[0] = 0;
	wgpuDevicePushErrorScope(d->device, WGPUErrorFilter_OutOfMemory);
	wgpuDevicePushErrorScope(d->device, WGPUErrorFilter_Validation);
}

static int end(hrm_driver *d) {
	wgpuDevicePopErrorScope(d->device, on_error, d);
	wgpuDevicePopErrorScope(d->device, on_error, d);
	if (d->lost) note(d, "device lost");
	return d->failed ? -1 : 0;
}

typedef struct {
	void *object;
	char *message;
	size_t size;
} answer;

static void on_adapter(WGPURequestAdapterStatus status, WGPUAdapter adapter, char const *message, void *userdata) {
	answer *a = userdata;
	if (status == WGPURequestAdapterStatus_Success) a->object = adapter;
	else snprintf(a->message, a->size, "%s", message ? message : "no adapter");
}

static void on_device(WGPURequestDeviceStatus status, WGPUDevice device, char const *message, void *userdata) {
	answer *a = userdata;
	if (status == WGPURequestDeviceStatus_Success) a->object = device;
	else snprintf(a->message, a->size, "%s", message ? message : "no device");
}

static void describe(hrm_driver *d) {
	WGPUAdapterInfo info;
	memset(&info, 0, sizeof info);
	wgpuAdapterGetInfo(d->adapter, &info);
	d->backend = info.backendType;
	d->type = info.adapterType;
	snprintf(d->name, sizeof d->name, "%s", info.description ? info.description : "GPU");
	wgpuAdapterInfoFreeMembers(info);
}

// request_device asks for all that the adapter has. The native limit of push
// constants is left out of the chain: the library does not fill it. A buffer
// size without a limit reads as "not asked for", which would be 256 MiB.
static int request_device(hrm_driver *d, char *message, size_t size) {
	WGPUSupportedLimits has;
	WGPURequiredLimits want;
	WGPUDeviceDescriptor desc;
	answer a = {0, message, size};
	memset(&has, 0, sizeof has);
	memset(&want, 0, sizeof want);
	memset(&desc, 0, sizeof desc);
	wgpuAdapterGetLimits(d->adapter, &has);
	want.limits = has.limits;
	if (want.limits.maxBufferSize > 1ull << 40) want.limits.maxBufferSize = 1ull << 40;
	desc.label = "hrm";
	desc.requiredLimits = &want;
	desc.deviceLostCallback = on_lost;
	desc.deviceLostUserdata = d;
	desc.uncapturedErrorCallbackInfo.callback = on_error;
	desc.uncapturedErrorCallbackInfo.userdata = d;
	wgpuAdapterRequestDevice(d->adapter, &desc, on_device, &a);
	d->device = a.object;
	if (!d->device) return -1;
	wgpuDeviceGetLimits(d->device, &has);
	d->limits = has.limits;
	return 0;
}

hrm_driver *hrm_open(int power, char *message, size_t size) {
	hrm_driver *d = calloc(1, sizeof *d);
	WGPUInstanceExtras extras;
	WGPUInstanceDescriptor desc;
	WGPURequestAdapterOptions options;
	answer a = {0, message, size};
	if (!d) return NULL;
	wgpuSetLogLevel(WGPULogLevel_Off);
	memset(&extras, 0, sizeof extras);
	memset(&desc, 0, sizeof desc);
	memset(&options, 0, sizeof options);
	extras.chain.sType = (WGPUSType)WGPUSType_InstanceExtras;
	extras.backends = WGPUInstanceBackend_Vulkan | WGPUInstanceBackend_Metal | WGPUInstanceBackend_DX12;
	desc.nextInChain = &extras.chain;
	d->instance = wgpuCreateInstance(&desc);
	options.powerPreference = power ? WGPUPowerPreference_HighPerformance : WGPUPowerPreference_LowPower;
	wgpuInstanceRequestAdapter(d->instance, &options, on_adapter, &a);
	d->adapter = a.object;
	if (!d->adapter || request_device(d, message, size)) {
		hrm_close(d);
		return NULL;
	}
	d->queue = wgpuDeviceGetQueue(d->device);
	describe(d);
	return d;
}

static void idle(hrm_driver *d);

void hrm_close(hrm_driver *d) {
	if (d->device) idle(d);
	if (d->staging) wgpuBufferRelease(d->staging);
	if (d->queue) wgpuQueueRelease(d->queue);
	if (d->device) wgpuDeviceRelease(d->device);
	if (d->adapter) wgpuAdapterRelease(d->adapter);
	if (d->instance) wgpuInstanceRelease(d->instance);
	free(d);
}

// hrm_destroy makes the device lost, as a driver reset would.
void hrm_destroy(hrm_driver *d) {
	if (!d->lost) wgpuDeviceDestroy(d->device);
	d->lost = 1;
}

static int check_lost(hrm_driver *d) {
	if (!d->lost) return 0;
	d->failed = 1;
	snprintf(d->message, sizeof d->message, "device lost");
	return -1;
}

WGPUBuffer hrm_buffer(hrm_driver *d, char const *label, uint64_t size, uint32_t usage) {
	WGPUBufferDescriptor desc;
	WGPUBuffer b;
	if (check_lost(d)) return NULL;
	memset(&desc, 0, sizeof desc);
	desc.label = label;
	desc.size = size;
	desc.usage = usage;
	begin(d);
	b = wgpuDeviceCreateBuffer(d->device, &desc);
	if (end(d) == 0) return b;
	if (b) wgpuBufferRelease(b);
	return NULL;
}

static WGPUBindGroupLayout make_layout(hrm_driver *d, uint8_t const *access, size_t n) {
	WGPUBindGroupLayoutEntry entries[hrm_max_bindings];
	WGPUBindGroupLayoutDescriptor desc;
	memset(entries, 0, sizeof entries);
	memset(&desc, 0, sizeof desc);
	for (size_t i = 0; i < n; i++) {
		entries[i].binding = i;
		entries[i].visibility = WGPUShaderStage_Compute;
		entries[i].buffer.type = access[i] == 0 ? WGPUBufferBindingType_Uniform
			: access[i] == 1 ? WGPUBufferBindingType_ReadOnlyStorage : WGPUBufferBindingType_Storage;
		entries[i].buffer.hasDynamicOffset = access[i] == 0;
	}
	desc.entryCount = n;
	desc.entries = entries;
	return wgpuDeviceCreateBindGroupLayout(d->device, &desc);
}

int hrm_make_pipeline(hrm_driver *d, char const *label, char const *wgsl, uint8_t const *access, size_t n, hrm_pipeline *out) {
	WGPUShaderModuleWGSLDescriptor code;
	WGPUShaderModuleDescriptor module_desc;
	WGPUPipelineLayoutDescriptor layout_desc;
	WGPUComputePipelineDescriptor desc;
	WGPUShaderModule module;
	WGPUPipelineLayout layout;
	int rc;
	if (check_lost(d)) return -1;
	memset(&code, 0, sizeof code);
	memset(&module_desc, 0, sizeof module_desc);
	memset(&layout_desc, 0, sizeof layout_desc);
	memset(&desc, 0, sizeof desc);
	code.chain.sType = WGPUSType_ShaderModuleWGSLDescriptor;
	code.code = wgsl;
	module_desc.nextInChain = &code.chain;
	module_desc.label = label;
	begin(d);
	module = wgpuDeviceCreateShaderModule(d->device, &module_desc);
	if (end(d)) {
		if (module) wgpuShaderModuleRelease(module);
		return -1;
	}
	begin(d);
	out->layout = make_layout(d, access, n);
	layout_desc.bindGroupLayoutCount = 1;
	layout_desc.bindGroupLayouts = &out->layout;
	layout = wgpuDeviceCreatePipelineLayout(d->device, &layout_desc);
	desc.label = label;
	desc.layout = layout;
	desc.compute.module = module;
	desc.compute.entryPoint = "main";
	out->pipeline = wgpuDeviceCreateComputePipeline(d->device, &desc);
	rc = end(d);
	wgpuPipelineLayoutRelease(layout);
	wgpuShaderModuleRelease(module);
	if (rc) {
		wgpuBindGroupLayoutRelease(out->layout);
		if (out->pipeline) wgpuComputePipelineRelease(out->pipeline);
	}
	return rc;
}

WGPUBindGroup hrm_group(hrm_driver *d, WGPUBindGroupLayout layout, uintptr_t const *buffers, uint64_t const *offsets, uint64_t const *sizes, size_t n) {
	WGPUBindGroupEntry entries[hrm_max_bindings];
	WGPUBindGroupDescriptor desc;
	WGPUBindGroup g;
	if (check_lost(d)) return NULL;
	memset(entries, 0, sizeof entries);
	memset(&desc, 0, sizeof desc);
	for (size_t i = 0; i < n; i++) {
		entries[i].binding = i;
		entries[i].buffer = (WGPUBuffer)buffers[i];
		entries[i].offset = offsets[i];
		entries[i].size = sizes[i];
	}
	desc.layout = layout;
	desc.entryCount = n;
	desc.entries = entries;
	begin(d);
	g = wgpuDeviceCreateBindGroup(d->device, &desc);
	if (end(d) == 0) return g;
	if (g) wgpuBindGroupRelease(g);
	return NULL;
}

int hrm_write(hrm_driver *d, WGPUBuffer b, uint64_t offset, void const *data, size_t size) {
	if (check_lost(d)) return -1;
	begin(d);
	wgpuQueueWriteBuffer(d->queue, b, offset, data, size);
	return end(d);
}

// encode replays the words. Copies end a compute pass, the next dispatch
// begins another.
static void encode(WGPUCommandEncoder e, uint32_t const *w, size_t n, uintptr_t const *pipelines, uintptr_t const *groups, uintptr_t const *buffers) {
	WGPUComputePassEncoder pass = NULL;
	uint32_t const *stop = w + n;
	while (w < stop) {
		if (w[0] == hrm_op_dispatch) {
			if (!pass) pass = wgpuCommandEncoderBeginComputePass(e, NULL);
			wgpuComputePassEncoderSetPipeline(pass, (WGPUComputePipeline)pipelines[w[1]]);
			wgpuComputePassEncoderSetBindGroup(pass, 0, (WGPUBindGroup)groups[w[2]], 1, &w[3]);
			wgpuComputePassEncoderDispatchWorkgroups(pass, w[4], w[5], w[6]);
			w += 7;
			continue;
		}
		if (pass) {
			wgpuComputePassEncoderEnd(pass);
			wgpuComputePassEncoderRelease(pass);
			pass = NULL;
		}
		if (w[0] == hrm_op_copy) {
			wgpuCommandEncoderCopyBufferToBuffer(e, (WGPUBuffer)buffers[w[1]], 4ull * w[2], (WGPUBuffer)buffers[w[3]], 4ull * w[4], 4ull * w[5]);
			w += 6;
		} else {
			wgpuCommandEncoderClearBuffer(e, (WGPUBuffer)buffers[w[1]], 4ull * w[2], 4ull * w[3]);
			w += 4;
		}
	}
	if (pass) {
		wgpuComputePassEncoderEnd(pass);
		wgpuComputePassEncoderRelease(pass);
	}
}

static void on_map(WGPUBufferMapAsyncStatus status, void *userdata) {
	((hrm_driver *)userdata)->mapped = status == WGPUBufferMapAsyncStatus_Success ? 1 : -1;
}

// rest waits a little, longer when it was called often: n counts the calls.
static void rest(int n) {
#ifdef _WIN32
	Sleep(n < 256 ? 0 : 1);
#else
	struct timespec t = {0, n < 4096 ? 20000 : 200000};
	if (n < 64) sched_yield();
	else nanosleep(&t, NULL);
#endif
}

// idle waits until all submitted work is done. A waiting poll of this library
// gives up after five seconds and then frees what the GPU still uses, so the
// polls here only look.
static void idle(hrm_driver *d) {
	for (int n = 0; !d->lost && !wgpuDevicePoll(d->device, 0, NULL); n++) rest(n);
}

static int grow_staging(hrm_driver *d, uint64_t size) {
	WGPUBuffer b;
	if (size <= d->staging_size) return 0;
	b = hrm_buffer(d, "read-back", size, WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst);
	if (!b) return -1;
	if (d->staging) wgpuBufferRelease(d->staging);
	d->staging = b;
	d->staging_size = size;
	return 0;
}

// hrm_submit encodes and submits the words, and, when size is not 0, copies
// size bytes of a buffer to the staging buffer behind them. Submitting an
// invalid command buffer would abort the process, so Finish's error is looked
// at before.
int hrm_submit(hrm_driver *d, uint32_t const *words, size_t n, uintptr_t const *pipelines, uintptr_t const *groups, uintptr_t const *buffers,
	WGPUBuffer from, uint64_t offset, uint64_t size) {
	WGPUCommandEncoder e;
	WGPUCommandBuffer c;
	if (check_lost(d) || (size && grow_staging(d, size))) return -1;
	begin(d);
	e = wgpuDeviceCreateCommandEncoder(d->device, NULL);
	encode(e, words, n, pipelines, groups, buffers);
	if (size) wgpuCommandEncoderCopyBufferToBuffer(e, from, offset, d->staging, 0, size);
	c = wgpuCommandEncoderFinish(e, NULL);
	wgpuCommandEncoderRelease(e);
	if (end(d)) {
		if (c) wgpuCommandBufferRelease(c);
		return -1;
	}
	wgpuQueueSubmit(d->queue, 1, &c);
	wgpuCommandBufferRelease(c);
	wgpuDevicePoll(d->device, 0, NULL);
	return check_lost(d);
}

// hrm_receive maps the staging buffer, waits until the submit that filled it
// is done, copies and unmaps. The callback's state is the driver's own, since
// a lost device may call it late. The mapped range is whole, from offset 0,
// and asked for only when it is mapped, because the library aborts otherwise.
int hrm_receive(hrm_driver *d, void *dst, uint64_t size) {
	void const *p;
	if (check_lost(d)) return -1;
	d->mapped = 0;
	begin(d);
	wgpuBufferMapAsync(d->staging, WGPUMapMode_Read, 0, size, on_map, d);
	for (int n = 0; !d->lost && !d->mapped; n++) {
		wgpuDevicePoll(d->device, 0, NULL);
		rest(n);
	}
	if (end(d) || d->mapped != 1) {
		note(d, "the read-back could not be mapped");
		return -1;
	}
	p = wgpuBufferGetConstMappedRange(d->staging, 0, size);
	if (p) memcpy(dst, p, size);
	wgpuBufferUnmap(d->staging);
	if (!p) note(d, "the read-back has no memory");
	return p ? 0 : -1;
}
