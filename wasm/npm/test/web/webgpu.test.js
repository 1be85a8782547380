import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { demo, examples, folder, launch, root, skip } from "./browser.js";

const gpuModule = join(root, "wasm/npm/dist/hrm-js-webgpu.wasm");
const why = skip || (existsSync(gpuModule) ? false : `no ${gpuModule}: run \`go run ./wasm/build\` in the repository`);

/** Solves puzzles in the page; {device, answers}. */
async function solve({ puzzles, options = {}, solving = {}, destroyAfter = 0 }) {
  const { HRM } = await import("/lib/index.js");
  const devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.push(device);
    return device;
  };
  let model;
  try {
    model = await HRM.load("/model.hrm", options);
    const answers = [];
    let segments = 0;
    for (const puzzle of puzzles) {
      const onStep = () => { if (++segments === destroyAfter) devices.at(-1).destroy(); };
      const { text, segments: n, totalSegments, device } = await model.solve(puzzle, { ...solving, onStep });
      answers.push({ text, segments: n, totalSegments, device });
    }
    return { device: model.device, answers };
  } catch (error) {
    return { code: error.code, message: error.message };
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
    await model?.dispose();
  }
}

const same = (answers) => answers.map(({ text, segments, totalSegments }) => ({ text, segments, totalSegments }));

describe("WebGPU in Chromium, on SwiftShader", { skip: why }, () => {
  const made = folder();
  let browser;
  let server;
  let page;
  const faults = [];

  before(async () => {
    // With int8 WebAssembly rounds what the matrices multiply and a GPU does not,
    // which shows in puzzles that do not settle.
    server = await demo(made.path, "--model", join(root, "native/embedded/float32.hrm"));
    browser = await launch(["--enable-unsafe-webgpu"]);
    page = await open("lib/index.d.ts"); // a page without scripts of its own
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    made.remove();
  });

  async function open(path) {
    const page = await browser.newPage({ reducedMotion: "reduce", serviceWorkers: "block" }); // routes see every request
    page.on("pageerror", (e) => faults.push(e.message));
    await page.goto(new URL(path, server.url).href);
    return page;
  }

  const puzzles = [examples.easy[0], examples.hard[0]];
  // Without a limit of time: where others work too, a segment of a software GPU takes so
  // long that the answer would be that of fewer.
  const solving = { restarts: 0, maxSegments: 3, timeLimit: 0 };

  test("the answers and segments of WebAssembly", async () => {
    const onGPU = await page.evaluate(solve, { puzzles, solving, options: { device: "webgpu" } });
    assert.equal(onGPU.device?.kind, "webgpu", onGPU.message);
    assert.match(onGPU.device.name, /^webgpu\//);
    const onCPU = await page.evaluate(solve, { puzzles, solving, options: { device: "wasm" } });
    assert.equal(onCPU.device.kind, "wasm");
    assert.deepEqual(same(onGPU.answers), same(onCPU.answers));
    for (const a of onGPU.answers) assert.equal(a.device, onGPU.device.name);
  });

  test("auto takes no software adapter, and says so", async () => {
    const { device } = await page.evaluate(solve, { puzzles: [], options: {} });
    assert.equal(device.kind, "wasm");
    assert.match(device.reason, /^auto: .*software/);
  });

  test("auto races hardware, and remembers who won", async () => {
    const reasons = await page.evaluate(async () => {
      const { HRM } = await import("/lib/index.js");
      const info = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "info");
      Object.defineProperty(GPUAdapter.prototype, "info", { configurable: true, get() { return { vendor: "a", architecture: "b", isFallbackAdapter: false }; } });
      const devices = [];
      const load = async () => {
        const model = await HRM.load("/model.hrm", { worker: false });
        devices.push(model.device);
        await model.dispose();
      };
      localStorage.clear();
      await load();
      await load();
      const key = localStorage.key(0);
      const { reason, when } = JSON.parse(localStorage.getItem(key));
      localStorage.setItem(key, JSON.stringify({ kind: "webgpu", reason, when }));
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error("gone"));
      await load();
      GPUAdapter.prototype.requestDevice = requestDevice;
      localStorage.setItem(key, "{");
      await load();
      Object.defineProperty(GPUAdapter.prototype, "info", info);
      localStorage.clear();
      return devices;
    });
    const raced = /^auto: a segment of one puzzle takes .* on webgpu\/.* on cpu\//;
    const [first, second, gone, damaged] = reasons;
    assert.match(first.reason, raced);
    assert.equal(second.kind, first.kind);
    assert.match(second.reason, /^auto, remembered: a segment of one puzzle takes/);
    assert.equal(gone.kind, "wasm");
    assert.match(gone.reason, /gone/);
    assert.match(damaged.reason, raced);
  });

  test("a device that is lost costs no answer", async () => {
    const want = await page.evaluate(solve, { puzzles, solving, options: { device: "wasm" } });
    for (const destroyAfter of [1, 2]) {
      const got = await page.evaluate(solve, { puzzles, solving, destroyAfter, options: { device: "webgpu", worker: false } });
      assert.deepEqual(same(got.answers), same(want.answers), got.message);
      assert.match(got.answers.at(-1).device, /^cpu\//);
    }
  });

  const hood = async () => {
    const demo = await open(`/#s=${examples.easy[0]}`); // a software GPU takes seconds a look
    await demo.waitForSelector("body[data-done]");
    await demo.click("#hood > summary");
    await demo.waitForSelector("#device-row:not([hidden])");
    return demo;
  };

  test("the demo page shows both, and solves on the one that is chosen", async () => {
    const demo = await hood();
    await demo.click("#compare");
    await demo.waitForFunction(() => /ms a look on cpu.*ms a look on webgpu/s.test(document.getElementById("devices").textContent), null, { timeout: 120_000 });
    await demo.selectOption("#device", "webgpu");
    await demo.waitForFunction(() => /webgpu\//.test(document.getElementById("facts").textContent));
    await demo.getByRole("button", { name: "Easy" }).click();
    await demo.waitForSelector("body[data-done=solved]", { timeout: 120_000 });
    assert.equal(await demo.textContent("#n-where"), "a look, on your GPU");
    await demo.close();
  });

  test("a GPU that cannot be had is told, and the processor goes on", async () => {
    const demo = await hood();
    await demo.route("**/hrm-js-webgpu.wasm", (route) => route.abort());
    await demo.selectOption("#device", "webgpu");
    await demo.waitForFunction(() => document.getElementById("title").textContent === "The GPU cannot be used.");
    assert.match(await demo.textContent("#detail"), /It goes on, on your processor/);
    assert.equal(await demo.inputValue("#device"), "wasm");
    assert.equal(await demo.isVisible("#error"), false);
    await demo.getByRole("button", { name: "Easy" }).click();
    await demo.waitForSelector("body[data-done=solved]", { timeout: 60_000 });
    assert.equal(await demo.textContent("#n-where"), "a look, on your processor");
    await demo.close();
  });

  test("without its module WebGPU is not offered", async () => {
    const demo = await browser.newPage({ reducedMotion: "reduce" });
    await demo.route("**/hrm-js-webgpu.wasm", (route) => route.fulfill({ status: 404 }));
    await demo.goto(server.url);
    await demo.waitForSelector("body[data-ready]");
    await Promise.all([demo.waitForResponse("**/hrm-js-webgpu.wasm"), demo.click("#hood > summary")]);
    await demo.waitForTimeout(200);
    assert.equal(await demo.isVisible("#device-row"), false);
    await demo.close();
  });

  test("nothing went wrong in the page", () => assert.deepEqual(faults, []));
});
