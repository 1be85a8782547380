// One segment of the full-size model in Chromium, one thread: this package
// beside onnxruntime-web on the ONNX export of the same weights, in turn.
//
//	npm ci --prefix wasm/npm/bench && npm ci --prefix wasm/npm/test/web
//	go run ./wasm/build && node wasm/npm/bench/onnx.mjs [ROUNDS]
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { folder, launch, root, skip } from "../test/web/browser.js";

if (skip) throw new Error(skip);
const rounds = Number(process.argv[2] ?? 7);
const segments = 1; // of a round: short, so that some find the machine idle
const made = folder();

const go = (...args) => execFileSync("go", ["run", ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const file = (name) => join(made.path, name);
go("./wasm/npm/test/models", made.path);
go("./cmd/hrm", "quantize", file("full.hrm"), "--to", "int8", "-o", file("full-int8.hrm"));
go("./cmd/hrm", "export", file("full.hrm"), "-o", file("full.onnx"));
go("./cmd/hrm", "export", file("full.hrm"), "-o", file("full-int8.onnx"), "--to", "int8");

const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const server = createServer((request, response) => {
  const path = request.url === "/" ? null : [join(root, "wasm/npm", request.url), join(made.path, request.url)].find((p) => existsSync(p));
  if (!path) return response.writeHead(request.url === "/" ? 200 : 404, { "content-type": "text/html" }).end("<!doctype html>");
  response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream", "content-length": statSync(path).size });
  return createReadStream(path).pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

/** In the page: makes the four contenders, each a function that returns milliseconds a segment. */
async function setUp(count) {
  const { HRM } = await import("/lib/index.js");
  const ort = await import("/bench/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs");
  Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths: "/bench/node_modules/onnxruntime-web/dist/" });
  const tokens = Uint8Array.from({ length: 81 }, (_, i) => 1 + (i % 10));
  const hrm = async (path) => {
    const model = await HRM.load(path, { worker: false, device: "wasm" });
    const run = async () => (await model.solve({ tokens }, { maxSegments: count, restarts: 0, check: false })).elapsed / count;
    return { name: `hrm ${path} ${model.device.name}`, run };
  };
  const onnx = async (path) => {
    const session = await ort.InferenceSession.create(path, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
    const zeros = () => new ort.Tensor("float32", new Float32Array(82 * 512), [1, 82, 512]);
    const run = async () => {
      const feeds = {
        tokens: new ort.Tensor("int32", Int32Array.from(tokens), [1, 81]), puzzle_id: new ort.Tensor("int32", new Int32Array(1), [1]),
        reset: new ort.Tensor("bool", new Uint8Array([1]), [1]), zH: zeros(), zL: zeros(),
      };
      const began = performance.now();
      for (let i = 0; i < count; i++) {
        const out = await session.run(feeds);
        Object.assign(feeds, { zH: out.zH_next, zL: out.zL_next, reset: new ort.Tensor("bool", new Uint8Array([0]), [1]) });
      }
      return (performance.now() - began) / count;
    };
    return { name: `onnxruntime-web ${ort.env.versions.web ?? ""} ${path}`, run };
  };
  globalThis.contenders = [await hrm("/full.hrm"), await hrm("/full-int8.hrm"), await onnx("/full.onnx"), await onnx("/full-int8.onnx")];
  return globalThis.contenders.map((c) => c.name);
}

const browser = await launch();
try {
  const page = await browser.newPage();
  page.on("console", (m) => { if (m.type() === "error") console.error(m.text()); });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const names = await page.evaluate(setUp, segments);
  const times = names.map(() => []);
  for (let r = -1; r < rounds; r++) { // the first one warms up
    for (const i of names.keys()) {
      const ms = await page.evaluate((k) => globalThis.contenders[k].run(), i);
      if (r >= 0) times[i].push(ms);
    }
  }
  const median = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
  console.log(`Chromium ${browser.version()}, one thread, ${rounds} rounds of ${segments} segments, milliseconds a segment`);
  names.forEach((name, i) => console.log(`${median[i].toFixed(0).padStart(6)} median ${times[i][0].toFixed(0).padStart(6)} best  ${name}`));
  const ratio = (list, pick) => Math.min(list[2], list[3]) / Math.min(...pick.map((i) => list[i]));
  const best = times.map((list) => list[0]);
  console.log(`onnxruntime-web's faster / ours: ${ratio(median, [0, 1]).toFixed(2)} of medians, ${ratio(best, [0, 1]).toFixed(2)} of bests`);
} finally {
  await browser.close();
  server.close();
  made.remove();
}
