// The smallest layer over a browser's WebGPU that a recorded list of commands
// needs: the Go program calls once for a whole segment. The other side is
// gpu/wgpu/js.go, which finds openWebGPU as globalThis.hrmWebGPU. Errors that
// WebGPU reports later, outside of any promise, are kept in fault and thrown by
// the next receive.

/** Opens the most powerful adapter. */
export async function openWebGPU() {
  if (!globalThis.navigator?.gpu) throw new Error("this JavaScript environment has no navigator.gpu");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("requestAdapter found none");
  const names = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupsPerDimension"];
  const limits = names.map((n) => adapter.limits[n]);
  const device = await adapter.requestDevice({ requiredLimits: Object.fromEntries(names.map((n, i) => [n, limits[i]])) });

  const handles = [null]; // buffers, pipelines and bind groups alike
  const free = [];
  const add = (h) => {
    const id = free.length ? free.pop() : handles.length;
    handles[id] = h;
    return id;
  };
  let staging = null;
  let fault = null;
  const driver = { lost: null };
  device.lost.then((info) => { driver.lost = info.message || "device lost"; });
  device.addEventListener("uncapturederror", (e) => { fault ??= e.error.message; });

  // scoped runs f and throws what WebGPU says about it.
  const scoped = async (f) => {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const result = f();
    const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const error = errors.find(Boolean);
    if (error) throw new Error(error.message);
    return result;
  };

  const encode = (w) => {
    const encoder = device.createCommandEncoder();
    let pass = null;
    for (let i = 0; i < w.length; ) {
      if (w[i] === 1) { // dispatch: pipeline, group, offset, x, y, z
        pass ??= encoder.beginComputePass();
        pass.setPipeline(handles[w[i + 1]]);
        pass.setBindGroup(0, handles[w[i + 2]], [w[i + 3]]);
        pass.dispatchWorkgroups(w[i + 4], w[i + 5], w[i + 6]);
        i += 7;
        continue;
      }
      pass?.end();
      pass = null;
      if (w[i] === 2) { // copy: from, offset, to, offset, size
        encoder.copyBufferToBuffer(handles[w[i + 1]], 4 * w[i + 2], handles[w[i + 3]], 4 * w[i + 4], 4 * w[i + 5]);
        i += 6;
      } else { // clear: buffer, offset, size
        encoder.clearBuffer(handles[w[i + 1]], 4 * w[i + 2], 4 * w[i + 3]);
        i += 4;
      }
    }
    pass?.end();
    return encoder;
  };

  return Object.assign(driver, {
    name: adapter.info?.description || adapter.info?.device || adapter.info?.vendor || "GPU",
    software: adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
    limits,
    async buffer(label, size, uniform) {
      const u = GPUBufferUsage;
      const usage = uniform ? u.UNIFORM | u.COPY_DST : u.STORAGE | u.COPY_SRC | u.COPY_DST;
      return add(await scoped(() => device.createBuffer({ label, size, usage })));
    },
    async pipeline(label, code, access) {
      const entries = Array.from(access, (a, binding) => ({
        binding, visibility: GPUShaderStage.COMPUTE,
        buffer: { type: ["uniform", "read-only-storage", "storage"][a], hasDynamicOffset: a === 0 },
      }));
      return add(await scoped(() => {
        const layout = device.createBindGroupLayout({ entries });
        const module = device.createShaderModule({ label, code });
        return device.createComputePipeline({
          label, layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module, entryPoint: "main" },
        });
      }));
    },
    // ranges: buffer, offset, size of each binding
    group(pipeline, ranges) {
      const entries = [];
      for (let i = 0; i < ranges.length; i += 3) {
        entries.push({ binding: i / 3, resource: { buffer: handles[ranges[i]], offset: ranges[i + 1], size: ranges[i + 2] } });
      }
      return add(device.createBindGroup({ layout: handles[pipeline].getBindGroupLayout(0), entries }));
    },
    release(id) {
      handles[id]?.destroy?.();
      handles[id] = null;
      free.push(id);
    },
    write(id, offset, bytes) { device.queue.writeBuffer(handles[id], offset, bytes); },
    // submit runs the words, and then copies size bytes of a buffer for receive.
    submit(words, id, offset, size) {
      const encoder = encode(words);
      if (size > 0) {
        if (!staging || staging.size < size) {
          staging?.destroy();
          staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
        }
        encoder.copyBufferToBuffer(handles[id], offset, staging, 0, size);
      }
      device.queue.submit([encoder.finish()]);
    },
    // receive waits for the last submit with a range, not for those after it.
    async receive(size) {
      await staging.mapAsync(GPUMapMode.READ, 0, size);
      const bytes = new Uint8Array(staging.getMappedRange(0, size).slice(0));
      staging.unmap();
      if (fault) {
        const message = fault;
        fault = null;
        throw new Error(message);
      }
      return bytes;
    },
    destroy() { device.destroy(); },
  });
}
