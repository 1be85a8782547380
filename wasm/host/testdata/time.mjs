// Times the plugin in V8: node time.mjs plugin.wasm open.msgpack solve.msgpack calls
// prints the processor time of each call in milliseconds and the SHA-256 of the reply.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [, , plugin, open, solve, calls] = process.argv;
const wasi = new WASI({ version: "preview1" });
const { instance } = await WebAssembly.instantiate(readFileSync(plugin), wasi.getImportObject());
wasi.initialize(instance);
const { hrm_buffer, hrm_call, memory } = instance.exports;

function call(message) {
  const at = hrm_buffer(message.length); // it may move the memory
  new Uint8Array(memory.buffer, at, message.length).set(message);
  const start = process.cpuUsage();
  const packed = BigInt.asUintN(64, hrm_call(message.length));
  const { user, system } = process.cpuUsage(start);
  const reply = new Uint8Array(memory.buffer, Number(packed >> 32n), Number(packed & 0xffffffffn));
  return { took: (user + system) / 1000, hash: createHash("sha256").update(reply).digest("hex") };
}

call(readFileSync(open));
const message = readFileSync(solve);
const replies = Array.from({ length: Number(calls) }, () => call(message));
console.log(JSON.stringify({ Took: replies.map((r) => r.took), Hash: replies.at(-1).hash }));
