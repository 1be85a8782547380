// Models that were fetched before: in the browser's Cache API, or in memory
// where that is missing (node, plain http), full or forbidden.

const name = "hrm-models";
const memory = new Map(); // url: bytes
const maxMemory = 256 * 2 ** 20;

async function open() {
  try {
    return await globalThis.caches?.open(name);
  } catch {
    return undefined;
  }
}

/** The bytes that were put under a URL, or null. */
export async function get(url) {
  if (memory.has(url)) return memory.get(url).slice();
  try {
    const response = await (await open())?.match(url);
    return response ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** Keeps bytes for the next get; a full disk is no error. */
export async function put(url, bytes) {
  try {
    const cache = await open();
    if (cache) return await cache.put(url, new Response(bytes, { headers: { "content-type": "application/octet-stream" } }));
  } catch { /* over the quota, or a scheme that the cache does not take */ }
  remember(url, bytes.slice());
}

function remember(url, bytes) {
  memory.delete(url);
  memory.set(url, bytes);
  let size = 0;
  for (const b of memory.values()) size += b.length;
  for (const [oldest, b] of memory) {
    if (size <= maxMemory) break;
    memory.delete(oldest);
    size -= b.length;
  }
}

/** Forgets every model. */
export async function clearCache() {
  memory.clear();
  try {
    await globalThis.caches?.delete(name);
  } catch { /* forbidden: then nothing was kept there */ }
}
