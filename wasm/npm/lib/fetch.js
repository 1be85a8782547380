// Bytes from wherever a caller has them, with errors that say what came instead.
import { HRMError, aborted, throwIfAborted } from "./errors.js";
import * as store from "./cache.js";
import { platform } from "./platform.js";

const maxBytes = 2 ** 30; // as wasm/browser

/** Whether an address is that of a file to read, which is so in node only. */
export const isFile = (address) => Boolean(platform.readFile) && (address.startsWith("file:") || !/^[a-z][a-z0-9+.-]+:/i.test(address));

/** The address of a folder, so that names can be appended. */
export function folder(address) {
  try {
    const url = new URL(address, globalThis.location?.href);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  } catch (error) {
    throw new HRMError("option", `files is "${address}", want the address of a folder`, { cause: error });
  }
}

/** The bytes of a model: a Uint8Array that is the caller's to keep. */
export async function readModel(source, options = {}) {
  const { signal, integrity } = options;
  throwIfAborted(signal);
  if (source instanceof ArrayBuffer) return checked(new Uint8Array(source), "the model", integrity);
  if (ArrayBuffer.isView(source)) {
    return checked(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), "the model", integrity);
  }
  if (typeof Blob === "function" && source instanceof Blob) {
    const name = source.name ?? "the blob";
    options.progress?.({ loaded: 0, total: source.size });
    const bytes = new Uint8Array(await source.arrayBuffer());
    throwIfAborted(signal);
    options.progress?.({ loaded: bytes.length, total: bytes.length });
    return checked(bytes, name, integrity);
  }
  if (typeof Response === "function" && source instanceof Response) {
    return checked(await readBody(source, source.url || "the response", options), source.url || "the response", integrity);
  }
  if (typeof source === "string" || source instanceof URL) return readAddress(String(source), options);
  throw new HRMError("option", "the model's source is no URL, path, Response, Blob, ArrayBuffer or typed array");
}

async function readAddress(address, options) {
  if (isFile(address)) {
    return checked(await readFile(address, options), address, options.integrity);
  }
  const url = new URL(address, globalThis.location?.href).href;
  const { cache = true, integrity } = options;
  if (cache && integrity) {
    const kept = await store.get(url);
    if (kept && await matches(kept, integrity)) {
      options.progress?.({ loaded: kept.length, total: kept.length });
      return kept;
    }
  }
  let bytes;
  try {
    const response = await request(url, options.signal);
    bytes = await readBody(response, url, options);
  } catch (error) {
    const kept = cache && !integrity && error.code === "network" ? await store.get(url) : null;
    if (!kept) throw error;
    return kept; // offline: what was there the last time
  }
  await checked(bytes, url, integrity);
  if (cache) await store.put(url, bytes);
  return bytes;
}

async function readFile(address, { signal, progress }) {
  try {
    const bytes = await platform.readFile(address, signal);
    progress?.({ loaded: bytes.length, total: bytes.length });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    throw new HRMError("network", `${address} cannot be read: ${error.message}`, { cause: error });
  }
}

/** A response that is there and no page. */
export async function request(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    throw new HRMError("network", `${url} cannot be fetched (no connection, a wrong host, or CORS forbids it): ${error.message}`, { cause: error });
  }
  if (!response.ok) {
    const status = `${response.status} ${response.statusText}`.trim();
    response.body?.cancel().catch(() => {});
    throw new HRMError("http", `${url}: the server answered ${status}; check the address and that the file was deployed`, { status: response.status });
  }
  return response;
}

/** Reads a response chunk by chunk; a page of HTML is refused at its start. */
export async function readBody(response, url, { signal, progress } = {}) {
  const declared = response.headers.get("content-encoding") ? 0 : Number(response.headers.get("content-length"));
  const total = declared > 0 ? declared : undefined;
  const reader = response.body?.getReader();
  const chunks = [];
  let loaded = 0;
  try {
    while (reader) {
      const { done, value } = await reader.read();
      throwIfAborted(signal);
      if (done) break;
      chunks.push(value);
      loaded += value.length;
      if (loaded > maxBytes) throw new HRMError("model", `${url}: over ${maxBytes} bytes, more than can be opened here`);
      if (chunks.length === 1) refuseHTML(value, url);
      progress?.({ loaded, total });
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (signal?.aborted) throw aborted(signal);
    if (error instanceof HRMError) throw error;
    throw new HRMError("network", `${url}: the connection broke after ${loaded} bytes: ${error.message}`, { cause: error });
  }
  return join(chunks, loaded);
}

function join(chunks, length) {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const c of chunks) {
    bytes.set(c, at);
    at += c.length;
  }
  return bytes;
}

export function refuseHTML(bytes, url) {
  const head = new TextDecoder().decode(bytes.subarray(0, 256)).replace(/^\uFEFF/, "").trimStart().toLowerCase();
  if (/^(<!doctype html|<html|<head|<body|<!--)/.test(head)) {
    throw new HRMError("html", `${url} is a page of HTML, not the file: the server answers unknown addresses with a page, or wants a login; check the address${/\/\.vite\//.test(url) ? `, and give Vite optimizeDeps: { exclude: ["@hrmgo/hrm"] }` : ""}`);
  }
}

async function checked(bytes, name, integrity) {
  refuseHTML(bytes, name);
  if (integrity && !(await matches(bytes, integrity))) {
    throw new HRMError("integrity", `${name}: ${bytes.length} bytes that are not those of integrity ${integrity}: another version of the file, or a damaged one`);
  }
  return bytes;
}

/** integrity is as in HTML: "sha256-" (or sha384, sha512) and base64. */
async function matches(bytes, integrity) {
  const [, bits, want] = /^sha(256|384|512)-([A-Za-z0-9+/]+=*)$/.exec(integrity) ?? [];
  if (!want) throw new HRMError("option", `integrity is "${integrity}", want sha256-, sha384- or sha512- and base64`);
  if (!globalThis.crypto?.subtle) {
    throw new HRMError("integrity", "integrity cannot be checked: crypto.subtle is there on https and localhost only");
  }
  const hash = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, bytes));
  return btoa(String.fromCharCode(...hash)) === want;
}
