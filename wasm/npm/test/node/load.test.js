import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { HRM, HRMError, clearCache } from "@hrmgo/hrm";
import { easy, integrity, model, modelPath, serve, skip, solved } from "./setup.js";

/** The error of a load that must fail, with its code. */
async function failure(source, options, code) {
  const error = await HRM.load(source, options).then(async (m) => { await m.dispose(); }, (e) => e);
  assert.ok(error instanceof HRMError, `want an HRMError, got ${error}`);
  assert.equal(error.code, code, error.message);
  return error;
}

test("every source", { skip }, async (t) => {
  const { url } = await serve(t);
  const sources = {
    path: modelPath,
    file: pathToFileURL(modelPath),
    url: `${url}/model.hrm`,
    URL: new URL(`${url}/model.hrm`),
    bytes: new Uint8Array(model),
    buffer: new Uint8Array(model).buffer,
    blob: new Blob([model]),
    response: await fetch(`${url}/model.hrm`),
  };
  for (const [name, source] of Object.entries(sources)) {
    await t.test(name, async () => {
      const seen = [];
      const m = await HRM.load(source, { task: "sudoku", integrity: integrity(model), progress: (p) => { if (p.part === "model") seen.push(p.loaded); } });
      assert.equal(m.task, "sudoku");
      assert.equal(m.device.kind, "wasm");
      assert.match(m.device.name, /^cpu\//);
      assert.match(m.device.reason, /^auto: /);
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
      if (!name.startsWith("b") || name === "blob") assert.equal(seen.at(-1), model.length);
      const s = await m.solve(easy);
      assert.equal(s.text, solved);
      await m.dispose();
    });
  }
});

test("what is no model says what it is", { skip }, async (t) => {
  const { url, hits, close } = await serve(t);
  const missing = await failure(`${url}/nothing.hrm`, {}, "http");
  assert.equal(missing.status, 404);
  assert.match(missing.message, /nothing\.hrm: the server answered 404 Not Found; check the address/);
  assert.match((await failure(`${url}/page.hrm`, {}, "html")).message, /page of HTML/);
  await failure(new Blob(["<html></html>"]), {}, "html");
  assert.match((await failure(`${url}/damaged.hrm`, {}, "model")).message, /does not match its sha256/);
  assert.match((await failure(`${url}/short.hrm`, {}, "model")).message, /cut short/);
  await failure(`${url}/empty.hrm`, {}, "model");
  await failure(new Uint8Array(100), {}, "model");
  await failure(`${url}/broken.hrm`, {}, "network");
  assert.match((await failure("/no/such/file.hrm", {}, "network")).message, /no such file/);
  assert.match((await failure(modelPath, { task: "maze" }, "task")).message, /solves sudoku, want maze/);
  assert.match((await failure(`${url}/model.hrm`, { integrity: integrity(Buffer.from("x")) }, "integrity")).message, /another version/);
  await failure(`${url}/model.hrm`, { integrity: "md5-abc" }, "option");
  await failure(42, {}, "option");
  assert.match((await failure(modelPath, { device: "webgpu" }, "device")).message, /no WebGPU here/);
  await failure(modelPath, { device: "tpu" }, "device");
  assert.ok(hits["/model.hrm"] > 0);
  await clearCache();
  await close();
  await failure(`${url}/model.hrm`, {}, "network");
});

test("what is no WebAssembly module says what it is", { skip }, async (t) => {
  const { url } = await serve(t);
  const missing = await failure(modelPath, { wasm: `${url}/hrm-js.wasm` }, "wasm");
  assert.equal(missing.status, 404);
  assert.match((await failure(modelPath, { wasm: `${url}/page.hrm` }, "wasm")).message, /page of HTML/);
  assert.match((await failure(modelPath, { wasm: `${url}/model.hrm` }, "wasm")).message, /no WebAssembly module/);
  await failure(modelPath, { wasm: new Uint8Array([0, 0x61, 0x73, 0x6d, 9]) }, "wasm");
});

test("loading aborts", { skip }, async (t) => {
  const { url } = await serve(t);
  const error = await failure(modelPath, { signal: AbortSignal.abort("why") }, "aborted");
  assert.equal(error.name, "AbortError");
  assert.equal(error.cause, "why");
  const stop = new AbortController();
  await failure(`${url}/slow.hrm`, { signal: stop.signal, progress: () => stop.abort() }, "aborted");
  await failure(`${url}/slow.hrm`, { signal: AbortSignal.timeout(50) }, "aborted");
});

test("a model is kept", { skip }, async (t) => {
  await clearCache();
  const { url, hits, close } = await serve(t);
  const at = `${url}/model.hrm`;
  const load = async (options) => { await (await HRM.load(at, options)).dispose(); };
  await load({ cache: false });
  await load({ cache: true });
  assert.equal(hits["/model.hrm"], 2);
  await load({ integrity: integrity(model) }); // kept, and known to be right
  assert.equal(hits["/model.hrm"], 2);
  await load({}); // the server may have another version
  assert.equal(hits["/model.hrm"], 3);
  await close();
  await load({}); // offline
  await failure(at, { cache: false }, "network");
});
