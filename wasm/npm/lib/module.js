// The compiled WebAssembly module, once for each address.
import { HRMError } from "./errors.js";
import { inNode, readBody, readModel, refuseHTML, request } from "./fetch.js";

const standard = new URL("../dist/hrm-js.wasm", import.meta.url);
const compiled = new Map(); // address: promise of a module

/** A module from an address, bytes, or one that is compiled already. */
export function loadModule(source = standard) {
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
