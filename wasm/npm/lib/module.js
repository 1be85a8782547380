// The compiled WebAssembly modules, once for each address: the one without
// WebGPU, and a larger one with it for the pages that have a GPU. Where there is
// relaxed SIMD, the first has a form with faster int8 products.
import { HRMError } from "./errors.js";
import { inNode, readBody, readModel, refuseHTML, request } from "./fetch.js";

const plain = new URL("../dist/hrm-js.wasm", import.meta.url);
const relaxed = new URL("../dist/hrm-js-relaxed.wasm", import.meta.url);
const withGPU = new URL("../dist/hrm-js-webgpu.wasm", import.meta.url);
const compiled = new Map(); // address: promise of a module

/**
 * The module for a device, and why a GPU is out of the question, else "". On
 * "auto" what stands in the way of the larger module is a reason for the other.
 */
export async function moduleFor(device, source) {
  if (source !== undefined) return { module: await loadModule(source) };
  if (device === "wasm") return { module: await withoutGPU() };
  let why = await noGPU();
  if (device === "webgpu") {
    if (why && why !== software) throw new HRMError("device", `${why}; ask for "auto" or "wasm"`);
    return { module: await loadModule(withGPU) };
  }
  if (!why) {
    try {
      return { module: await loadModule(withGPU) };
    } catch (error) {
      why = error.status === 404 ? "no module with WebGPU is served beside the other" : error.message;
    }
  }
  return { module: await withoutGPU(), why };
}

/** A module whose only function has an i8x16.relaxed_swizzle. */
const relaxedProbe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11);

async function withoutGPU() {
  if (WebAssembly.validate(relaxedProbe)) {
    try {
      return await loadModule(relaxed);
    } catch { /* it is not served: `hrm demo` has the plain one only, which runs everywhere */ }
  }
  return loadModule(plain);
}

const software = "the only WebGPU adapter is software";

/** Why this environment has no GPU worth asking, or "". */
async function noGPU() {
  try {
    if (!globalThis.navigator?.gpu) return "no WebGPU here";
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return "WebGPU has no adapter";
    return adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ? software : "";
  } catch (error) {
    return error.message;
  }
}

/** A module from an address, bytes, or one that is compiled already. */
export function loadModule(source) {
  if (source instanceof WebAssembly.Module) return Promise.resolve(source);
  if (typeof source !== "string" && !(source instanceof URL)) return compileSource(source);
  const address = String(source);
  if (!compiled.has(address)) {
    const promise = compileSource(source);
    compiled.set(address, promise);
    promise.catch(() => compiled.delete(address)); // the next load tries again
  }
  return compiled.get(address);
}

async function compileSource(source) {
  try {
    const address = typeof source === "string" || source instanceof URL ? String(source) : "";
    if (!address || (inNode && !/^https?:/.test(address))) return await compile(await readModel(source), address || "the given bytes");
    const url = new URL(address, globalThis.location?.href).href;
    const response = await request(url);
    const type = response.headers.get("content-type") ?? "";
    if (WebAssembly.compileStreaming && type.startsWith("application/wasm")) return await WebAssembly.compileStreaming(response);
    return await compile(await readBody(response, url), url);
  } catch (error) {
    if (error.code === "wasm") throw error;
    throw new HRMError("wasm", `the WebAssembly module cannot be loaded: ${error.message}`, { cause: error, status: error.status });
  }
}

function compile(bytes, name) {
  refuseHTML(bytes, name);
  if (!(bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d)) {
    throw new HRMError("wasm", `${name} is no WebAssembly module (${bytes.length} bytes)`);
  }
  return WebAssembly.compile(bytes);
}
