import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { demo, examples, folder, launch, root, skip } from "./browser.js";

const loads = 200;
const warm = 300; // until Chromium has begun to reuse what terminated workers had

describe("the package in Chromium", { skip }, () => {
  const made = folder();
  let browser;
  let server;
  let page;
  let cdp;

  before(async () => {
    server = await demo(made.path);
    browser = await launch();
    page = await browser.newPage({ bypassCSP: true });
    await page.goto(new URL("lib/index.d.ts", server.url).href); // a page without scripts of its own
    cdp = await page.context().newCDPSession(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    made.remove();
  });

  /** Bytes: of the page's heap after a collection, and of all processes of the browser. */
  async function memory() {
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    const system = await browser.newBrowserCDPSession();
    const { processInfo } = await system.send("SystemInfo.getProcessInfo");
    await system.detach();
    const resident = processInfo.filter((p) => p.type === "renderer").map((p) => {
      try {
        return Number(readFileSync(`/proc/${p.id}/statm`, "utf8").split(" ")[1]) * 4096;
      } catch {
        return 0; // it ended, or this is no Linux
      }
    });
    return { heap: usedSize, resident: resident.reduce((a, b) => a + b, 0) };
  }

  /** Loads and disposes models one after the other in the page; every tenth solves a puzzle. */
  const cycle = (n, worker) => page.evaluate(async ([count, inWorker, puzzle]) => {
    const { HRM } = await import("/lib/index.js");
    for (let i = 0; i < count; i++) {
      const model = await HRM.load("/model.hrm", { worker: inWorker, workers: 1 });
      if (i % 10 === 0) await model.solve(puzzle, { maxSegments: 1, restarts: 0 });
      await model.dispose();
      await model.dispose();
    }
  }, [n, worker, examples.easy[0]]);

  test(`${loads} loads in workers leave nothing behind`, async (t) => {
    await cycle(warm, true);
    const before = await memory();
    await cycle(loads, true);
    const end = await memory();
    t.diagnostic(`page heap ${mb(before.heap)} -> ${mb(end.heap)} MB, renderers ${mb(before.resident)} -> ${mb(end.resident)} MB`);
    for (let i = 0; i < 50 && page.workers().length > 0; i++) await page.waitForTimeout(100);
    assert.equal(page.workers().length, 0, "workers are left");
    assert.ok(end.heap < before.heap + 0.5e6, `the heap grew from ${before.heap} to ${end.heap}`);
    assert.ok(end.resident < before.resident + 40e6, `the renderer grew from ${mb(before.resident)} to ${mb(end.resident)} MB`);
  });

  test("loads in the page's own thread leave nothing behind", async (t) => {
    await cycle(20, false);
    const before = await memory();
    await cycle(40, false);
    const end = await memory();
    t.diagnostic(`page heap ${mb(before.heap)} -> ${mb(end.heap)} MB, renderers ${mb(before.resident)} -> ${mb(end.resident)} MB`);
    assert.ok(end.heap < before.heap + 0.5e6, `the heap grew from ${before.heap} to ${end.heap}`);
    assert.ok(end.resident < before.resident + 100e6, `the renderer grew from ${mb(before.resident)} to ${mb(end.resident)} MB`);
  });

  test("the Cache API keeps a model, and what aborts or fails has its code", async () => {
    const result = await page.evaluate(async (puzzle) => {
      const { HRM, clearCache } = await import("/lib/index.js");
      await clearCache();
      const bytes = new Uint8Array(await (await fetch("/model.hrm")).arrayBuffer());
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const integrity = `sha256-${btoa(String.fromCharCode(...hash))}`;
      await (await HRM.load("/model.hrm", { integrity })).dispose();
      const kept = await (await caches.open("hrm-models")).keys();
      const real = globalThis.fetch;
      globalThis.fetch = () => Promise.reject(new TypeError("offline"));
      const model = await HRM.load("/model.hrm", { integrity });
      globalThis.fetch = real;
      const code = (p) => p.then(() => "none", (e) => e.code);
      const codes = [
        await code(HRM.load("/nothing.hrm")),
        await code(HRM.load("/index.html")),
        await code(HRM.load(new Blob([new Uint8Array(99)]))),
        await code(HRM.load("/model.hrm", { integrity: `sha256-${btoa("x".repeat(32))}` })),
        await code(HRM.load("/model.hrm", { signal: AbortSignal.timeout(1), cache: false })),
        await code(HRM.load("/model.hrm", { wasm: "/index.html" })),
        await code(model.solve("x")),
      ];
      const many = await model.solveAll([puzzle, puzzle, puzzle], { maxSegments: 1, restarts: 0 });
      await model.dispose();
      return { kept: kept.map((r) => new URL(r.url).pathname), codes, many: many.map((s) => s.text === many[0].text) };
    }, examples.easy[0]);
    assert.deepEqual(result, {
      kept: ["/model.hrm"],
      codes: ["http", "html", "model", "integrity", "aborted", "wasm", "puzzle"],
      many: [true, true, true],
    });
  });

  test("the page of docs/browser.md works", async (t) => {
    const [, html] = /^```html\n(.*?)^```$/ms.exec(readFileSync(join(root, "docs/browser.md"), "utf8"));
    const own = await browser.newPage({ bypassCSP: true });
    t.after(() => own.close());
    const at = (path) => new URL(path, server.url).href;
    await own.route(at("/page/"), (route) => route.fulfill({ contentType: "text/html", body: html }));
    await own.route(at("/page/sudoku.hrm"), async (route) => route.fulfill({ response: await route.fetch({ url: at("/model.hrm") }) }));
    await own.route(at("/page/lib/index.js"), (route) => route.fulfill({ contentType: "text/javascript", body: 'export * from "/lib/index.js";' }));
    await own.goto(at("/page/"));
    const says = (text) => own.waitForFunction((t) => document.getElementById("answer").textContent.includes(t), text);
    await says("ready on cpu/");
    await own.click("#solve");
    await says("534678912672195348198342567859761423426853791713924856961537284287419635345286179\nsegment");
    await own.fill("#puzzle", "12x");
    await own.click("#solve");
    await says("found 'x'");
  });

  test("the page's thread stays free while a worker thinks", async () => {
    const { ticks, elapsed } = await page.evaluate(async (puzzle) => {
      const { HRM } = await import("/lib/index.js");
      const model = await HRM.load("/model.hrm");
      let n = 0;
      const timer = setInterval(() => { n++; }, 10);
      const began = performance.now();
      await model.solve(puzzle, { maxSegments: 16, restarts: 3 });
      clearInterval(timer);
      await model.dispose();
      return { ticks: n, elapsed: performance.now() - began };
    }, examples.hard[0]);
    assert.ok(ticks > elapsed / 50, `${ticks} ticks of 10 ms in ${elapsed} ms`); // a busy machine loses some
  });
});

const mb = (n) => (n / 1e6).toFixed(1);
