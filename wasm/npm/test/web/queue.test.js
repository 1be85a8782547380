// A browser works for the queue of hrm-scale, beside native workers.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { folder, launch, root, skip } from "./browser.js";

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";
const hard = "..78....43...15.........6..1...56....69....2......2..3..1....7.....27...7..1....8";

/** Many sudokus of a few: with their digits named anew. */
function sudokus(n, of) {
  return Array.from({ length: n }, (_, i) => {
    const shift = Math.floor(i / of.length);
    const digits = [..."123456789"];
    const named = digits.map((_, k) => digits[(k * [1, 2, 4, 5, 7, 8][shift % 6] + Math.floor(shift / 6)) % 9]);
    return of[i % of.length].replace(/[1-9]/g, (d) => named[d - 1]);
  });
}

describe("a browser works for a queue", { skip }, () => {
  const made = folder();
  const [command, store] = [join(made.path, "hrm-scale"), join(made.path, "store")];
  const children = [];
  let browser;
  let url;

  const scale = async (...args) => (await promisify(execFile)(command, [...args, "--store", store])).stdout;

  /** Starts hrm-scale; what it says goes to told. */
  function begin(told, ...args) {
    const child = spawn(command, [...args, "--store", store], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", (d) => told(String(d)));
    children.push(child);
    return new Promise((resolve, reject) => { child.once("exit", resolve); child.once("error", reject); });
  }

  before(async () => {
    execFileSync("go", ["build", "-C", join(root, "scale"), "-o", command, "./hrm-scale"], { stdio: "inherit" });
    url = await new Promise((resolve, reject) => {
      let said = "";
      begin((d) => {
        said += d;
        const at = /browsers work at (\S+)/.exec(said);
        if (at) resolve(at[1]);
      }, "serve", "--worker-page", "127.0.0.1:0").then((status) => reject(new Error(`hrm-scale serve ended with status ${status}`)));
    });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    for (const child of children.filter((c) => c.exitCode === null && c.signalCode === null)) {
      const ended = new Promise((resolve) => { child.once("exit", resolve); });
      child.kill("SIGTERM");
      await ended;
    }
    made.remove();
  });

  async function open(t, init) {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (e) => page.faults.push(e.message));
    page.on("console", (m) => { if (m.type() === "error") page.faults.push(m.text()); });
    if (init) await page.addInitScript(init);
    await page.goto(url, { timeout: 120_000 });
    await page.waitForFunction(() => !document.getElementById("toggle").disabled, undefined, { timeout: 60_000 });
    return page;
  }
  const number = async (page, id) => Number(await page.textContent(`#${id}`));
  const says = async (page, pattern) => {
    const seen = page.waitForFunction((p) => new RegExp(p).test(document.getElementById("says").textContent), pattern, { timeout: 60_000 });
    await seen.catch(async () => assert.match(await page.textContent("#says"), new RegExp(pattern)));
  };

  async function push(job, puzzles, batch) {
    const path = join(made.path, `${job}.txt`);
    writeFileSync(path, `${puzzles.join("\n")}\n`);
    await scale("push", path, "--job", job, "--batch", String(batch));
  }
  async function pull(job) {
    const out = join(made.path, `${job}.jsonl`);
    await scale("pull", job, "-o", out);
    return readFileSync(out, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  }

  test("a browser and two native workers drain one queue, each puzzle answered once", { timeout: 300_000 }, async (t) => {
    const puzzles = sudokus(480, [easy, hard]);
    const page = await open(t);
    await page.click("#toggle");
    await says(page, "Waiting");
    const workers = ["one", "two"].map((name) => begin(() => {}, "work", "--name", name, "--idle", "4s"));
    await push("many", [...puzzles, `${easy.slice(0, 80)}x`], 8);
    const answers = await pull("many");
    assert.deepEqual(await Promise.all(workers), [0, 0]);
    assert.equal(answers.length, puzzles.length + 1);
    assert.match(answers.pop().error, /x/);
    answers.forEach((a, i) => {
      assert.equal(a.index, i);
      assert.equal(a.question, puzzles[i]);
      assert.equal(a.valid, true, JSON.stringify(a));
    });
    const own = await number(page, "puzzles");
    let status;
    for (let tries = 0; tries < 40; tries += 1) { // until its next sign of life
      status = JSON.parse(await scale("status", "--json"));
      if (status.workers.some((w) => w.name === "web.browser-0" && w.puzzles === own)) break;
      await page.waitForTimeout(500);
    }
    t.diagnostic(`the browser answered ${own} of ${answers.length}, at ${await page.textContent("#rate")} a second; ${JSON.stringify(status)}`);
    assert.ok(own > 0 && own < puzzles.length, `the browser answered ${own}`);
    assert.equal(status.waiting + status.under_way, 0);
    assert.equal(status.done, Math.ceil((puzzles.length + 1) / 8));
    assert.ok(status.workers.some((w) => w.name === "web.browser-0" && w.puzzles === own), JSON.stringify(status.workers));
    assert.deepEqual(page.faults, []);
  });

  test("its answers are those of a native worker", { timeout: 300_000 }, async (t) => {
    const puzzles = sudokus(16, [easy, hard]);
    await push("native", puzzles, 4);
    await begin(() => {}, "work", "--idle", "1s");
    await push("browser", puzzles, 4);
    const page = await open(t);
    await page.click("#toggle");
    const [theirs, ours] = [await pull("native"), await pull("browser")];
    assert.equal(await number(page, "puzzles"), puzzles.length);
    // How sure it is, and so how long it looks, may differ in the last bits of another processor's floats.
    const same = ({ index, question, answer, valid }) => ({ index, question, answer, valid });
    assert.deepEqual(ours.map(same), theirs.map(same));
    assert.deepEqual(Object.keys(ours[0]).sort(), Object.keys(theirs[0]).sort());
  });

  test("it pauses on battery and in a hidden tab, and gives back what it has", { timeout: 300_000 }, async (t) => {
    const page = await open(t, () => {
      const battery = new EventTarget();
      battery.charging = false;
      battery.charge = (on) => { battery.charging = on; battery.dispatchEvent(new Event("chargingchange")); };
      navigator.getBattery = async () => battery;
      let hidden = false;
      Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
      window.hide = (on) => { hidden = on; document.dispatchEvent(new Event("visibilitychange")); };
    });
    await push("slow", sudokus(600, [hard]), 600);
    await page.click("#toggle");
    await says(page, "^Paused: on battery");
    assert.deepEqual(JSON.parse(await scale("status", "--json")).under_way, 0);
    await page.evaluate(async () => (await navigator.getBattery()).charge(true));
    await says(page, "Thinking");
    await page.evaluate(() => window.hide(true));
    await says(page, "^Paused: the tab is hidden");
    await page.waitForFunction(() => Number(document.getElementById("returned").textContent) > 0);
    await page.waitForTimeout(200);
    const { waiting, under_way: underWay } = JSON.parse(await scale("status", "--json"));
    assert.equal(waiting + underWay, 1);
    await begin(() => {}, "work", "--idle", "2s");
    assert.equal((await pull("slow")).length, 600);
    await page.evaluate(() => window.hide(false));
    await says(page, "Waiting");
    await page.click("#toggle");
    await says(page, "^Stopped");
  });

  const bundled = existsSync(join(root, "wasm/build/node_modules/@nats-io/nats-core")) ? false : "no @nats-io/nats-core: run `npm ci` in wasm/build";
  test("the client of NATS is the one that nats.mjs makes", { skip: bundled }, async () => {
    const { bundle } = await import(join(root, "wasm/build/nats.mjs"));
    assert.equal(readFileSync(join(root, "wasm/npm/queue/nats.js"), "utf8"), await bundle(), "run `node wasm/build/nats.mjs`");
  });
});
