// The compiled WebAssembly modules, once for each address: the one without
// WebGPU, a larger one with it for the pages that have a GPU, and a small one with
// faster int8 products for those that have relaxed SIMD.
import { recall } from "./choice.js";
import { HRMError, copied } from "./errors.js";
import { isFile, readBody, readModel, refuseHTML, request } from "./fetch.js";
import { hasRelaxed } from "./relaxed.js";

// Bundlers look for these lines.
const own = {
  "hrm-js.wasm": () => new URL("../dist/hrm-js.wasm", import.meta.url),
  "hrm-relaxed.wasm": () => new URL("../dist/hrm-relaxed.wasm", import.meta.url),
  "hrm-js-webgpu.wasm": () => new URL("../dist/hrm-js-webgpu.wasm", import.meta.url),
};
const compiled = new Map(); // address: promise of a module

const software = "the only WebGPU adapter is software";

/**
 * The program for a device and a model from source, {module, kernel}, and what to
 * open it on. For "auto" also the reason where that is known already, and else the
 * name of the adapter in the race. options: wasm, files, progress.
 */
export async function programFor(device, source, options) {
  const load = (name, progress) => loadModule(options.files === undefined ? own[name]() : new URL(name, options.files), progress);
  const relaxed = hasRelaxed() ? load("hrm-relaxed.wasm").catch(() => null) : null; // not every server has it
  const [{ module, ...how }, kernel] = await Promise.all([moduleFor(device, source, options.wasm, (name) => load(name, options.progress)), relaxed]);
  return { program: { module, kernel }, ...how };
}

async function moduleFor(device, source, wasm, load) {
  const [plain, withGPU] = [() => load("hrm-js.wasm"), () => load("hrm-js-webgpu.wasm")];
  if (wasm !== undefined) return { module: await loadModule(wasm), on: device };
  if (device !== "auto" && device !== "webgpu") return { module: await plain(), on: device };
  let { adapter, why } = await probe();
  if (device === "webgpu") {
    if (why && why !== software) throw new HRMError("device", `${why}; ask for "auto" or "wasm"`);
    return { module: await withGPU(), on: device };
  }
  const past = why ? null : recall(adapter, source);
  const reason = past ? `auto, remembered: ${past.reason.replace(/^auto: /, "")}` : "";
  if (past?.kind === "wasm") return { module: await plain(), on: "wasm", reason };
  if (!why) {
    try {
      return { module: await withGPU(), on: past?.kind ?? "auto", reason, adapter };
    } catch (error) {
      why = error.status === 404 ? "no module with WebGPU is served beside the other" : error.message;
    }
  }
  return { module: await plain(), on: "auto", reason: `auto: ${why}` };
}

/** The name of the GPU, and why it is not worth asking, or "". */
async function probe() {
  try {
    if (!globalThis.navigator?.gpu) return { why: "no WebGPU here" };
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return { why: "WebGPU has no adapter" };
    const { vendor, architecture, device, isFallbackAdapter } = adapter.info ?? {};
    return { adapter: [vendor, architecture, device].join(" "), why: isFallbackAdapter ?? adapter.isFallbackAdapter ? software : "" };
  } catch (error) {
    return { why: error.message };
  }
}

/** A module from an address, bytes, or one that is compiled already. */
export function loadModule(source, progress) {
  if (source instanceof WebAssembly.Module) return Promise.resolve(source);
  if (typeof source !== "string" && !(source instanceof URL)) return compileSource(source);
  const address = String(source);
  if (!compiled.has(address)) {
    const promise = compileSource(source, progress);
    compiled.set(address, promise);
    promise.catch(() => compiled.delete(address)); // the next load tries again
  }
  return compiled.get(address);
}

async function compileSource(source, progress) {
  try {
    const address = typeof source === "string" || source instanceof URL ? String(source) : "";
    if (!address || isFile(address)) return await compile(await readModel(source), address || "the given bytes");
    const url = new URL(address, globalThis.location?.href).href;
    const response = await request(url);
    const type = response.headers.get("content-type") ?? "";
    if (!WebAssembly.compileStreaming || !type.startsWith("application/wasm")) return await compile(await readBody(response, url, { progress }), url);
    // The browser keeps the code that it makes of the response itself, so the bytes of a copy are counted.
    if (progress) readBody(response.clone(), url, { progress }).catch(() => {});
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    if (error.code === "wasm") throw error;
    throw new HRMError("wasm", `the WebAssembly module cannot be loaded: ${error.message}${error.status === 404 ? `; ${copied}` : ""}`, { cause: error, status: error.status });
  }
}

function compile(bytes, name) {
  refuseHTML(bytes, name);
  if (!(bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d)) {
    throw new HRMError("wasm", `${name} is no WebAssembly module (${bytes.length} bytes)`);
  }
  return WebAssembly.compile(bytes);
}
