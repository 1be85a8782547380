import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { folder, pages, root, skip } from "./browser.js";

const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };

describe("loading in Chromium", { skip }, () => {
  const made = folder();
  const site = pages(made);
  const { open, done } = site;
  before(() => site.start());
  after(() => site.stop());

  /** Loads again without a server in reach, and solves. */
  async function offline(page) {
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (!navigator.serviceWorker.controller) await new Promise((resolve) => { setTimeout(resolve, 50); });
    });
    await page.context().setOffline(true);
    await page.reload();
    await page.waitForSelector("body[data-ready]", { timeout: 60_000 });
    await done(page, "solved");
  }

  test("the page works offline after one visit", async (t) => {
    const page = await open(t);
    await done(page, "solved");
    await offline(page);
  });

  test("0.55 MB at most beside the module until it is ready, in one request for each file", async (t) => {
    const page = await open(t, { url: "about:blank", ready: false });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Network.enable");
    const requests = new Map();
    cdp.on("Network.responseReceived", (e) => requests.set(e.requestId, { url: e.response.url, encoding: e.response.headers["Content-Encoding"] }));
    cdp.on("Network.loadingFinished", (e) => { if (requests.has(e.requestId)) requests.get(e.requestId).bytes = e.encodedDataLength; });
    await page.goto(site.url);
    await page.waitForSelector("body[data-ready]", { timeout: 60_000 });
    const all = [...requests.values()];
    const ready = await page.evaluate(() => performance.getEntriesByName("hrm-ready")[0].startTime);
    const total = all.reduce((n, r) => n + (r.bytes ?? 0), 0);
    const module = all.find((r) => r.url.endsWith("hrm-js.wasm"));
    t.diagnostic(`${(total / 1e6).toFixed(3)} MB in ${all.length} requests, ${(module.bytes / 1e6).toFixed(3)} of them the module, ready after ${Math.round(ready)} ms`);
    assert.equal(module.encoding, "br");
    // 1.1 MB is what wasm/build/size.mjs lets a module be.
    assert.ok(module.bytes < 1.1e6 && total > 1e6 && total - module.bytes <= 0.55e6, `${total} bytes: ${JSON.stringify(all.sort((a, b) => b.bytes - a.bytes).slice(0, 8))}`);
    const urls = all.map((r) => r.url);
    assert.deepEqual(urls.filter((u, i) => urls.indexOf(u) !== i), [], "fetched twice");
  });

  test("the button can be pressed while it loads", async (t) => {
    const page = await open(t, { url: "about:blank", ready: false, reducedMotion: "no-preference" });
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route("**/hrm-js.wasm", async (route) => { await held; await route.continue(); });
    await page.goto(site.url, { waitUntil: "domcontentloaded" });
    const says = (words) => page.waitForFunction((w) => document.getElementById("play").textContent === w, words);
    await says("Starts when loaded");
    await page.waitForFunction(() => /^Loading/.test(document.getElementById("title").textContent) && document.getElementById("progress").value > 0.05);
    await page.click("#play");
    await says("Solve");
    await page.click("#play");
    await says("Starts when loaded");
    release();
    await done(page, "solved");
  });

  test("an exported site runs in a folder of any server, offline too", async (t) => {
    const dir = join(made.path, "www/deep/site");
    execFileSync(join(made.path, "hrm"), ["demo", "--export", dir, "--dir", join(root, "wasm/npm")]);
    const server = createServer((req, res) => {
      const path = join(made.path, "www", new URL(req.url, "http://x").pathname.replace(/\/$/, "/index.html"));
      if (!existsSync(path) || !statSync(path).isFile()) return res.writeHead(404).end();
      return res.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(readFileSync(path));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }));
    const { icons } = JSON.parse(readFileSync(join(dir, "manifest.webmanifest"), "utf8"));
    for (const { src, sizes } of icons.filter((i) => i.type === "image/png")) {
      const png = readFileSync(join(dir, src));
      assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
    }
    assert.ok(["192x192", "512x512"].every((size) => icons.some((i) => i.sizes === size && i.purpose === "any")), "icons to install it with");
    const page = await open(t, { url: `http://127.0.0.1:${server.address().port}/deep/site/` });
    await done(page, "solved");
    await offline(page);
    assert.deepEqual(page.faults.filter((f) => !/ERR_INTERNET_DISCONNECTED/.test(f)), []);
  });
});
