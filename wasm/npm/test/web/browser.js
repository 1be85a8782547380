// A browser, and the demo page as `hrm demo` serves it.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));
const executable = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => p && existsSync(p));
const playwright = await import("playwright-core").catch(() => null);

export const skip = !existsSync(join(root, "wasm/npm/dist/hrm-js.wasm")) ? "no wasm/npm/dist/hrm-js.wasm: run `go run ./wasm/build` in the repository"
  : !playwright ? "no playwright-core: run `npm ci` in wasm/npm/test/web"
    : !executable ? "no Chromium: install Debian's package chromium, or set CHROMIUM" : false;

const flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--js-flags=--expose-gc"];

/** Without a GPU, unless the flags say otherwise. */
export const launch = (more = ["--disable-gpu"]) => playwright.chromium.launch({ executablePath: executable, args: [...flags, ...more] });

/** A folder for what a test file makes; remove() removes it. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "hrm-web-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts hrm demo, with more arguments; {url, stop}. */
export async function demo(dir, ...more) {
  const hrm = join(dir, "hrm");
  execFileSync("go", ["build", "-o", hrm, "./cmd/hrm"], { cwd: root, stdio: "inherit" });
  const child = spawn(hrm, ["demo", "--address", "127.0.0.1:0", "--dir", join(root, "wasm/npm"), ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(String(line).trim()));
    child.once("exit", (code) => reject(new Error(`hrm demo ended with status ${code}`)));
  });
  return { url, stop: () => new Promise((resolve) => { child.once("exit", resolve); child.kill("SIGINT"); }) };
}

const screenshots = process.env.HRM_SCREENSHOTS; // a folder to keep them in

/** The page in a browser, for a test file: start and stop both, open a page of its own, and wait for what it says. */
export function pages(made) {
  let browser;
  let server;
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  return {
    get url() { return server.url; },
    async start(...more) {
      server = await demo(made.path, ...more);
      browser = await launch();
    },
    async stop() {
      await browser?.close();
      await server?.stop();
      made.remove();
    },
    /** page.faults lists what must not happen in it. */
    async open(t, { query = "", url = server.url + query, viewport = { width: 1280, height: 900 }, ready = true, ...options } = {}) {
      const context = await browser.newContext({ viewport, reducedMotion: "reduce", ...options });
      t.after(() => context.close());
      const page = await context.newPage();
      page.faults = [];
      page.on("pageerror", (e) => page.faults.push(e.message));
      page.on("console", (m) => { if (m.type() === "error" && !/status of 404/.test(m.text())) page.faults.push(m.text()); });
      await page.goto(url);
      if (ready) await page.waitForSelector("body[data-ready]", { timeout: 60_000 });
      return page;
    },
    /** Waits for a sentence. */
    title: (page, pattern) => page.waitForFunction((p) => new RegExp(p).test(document.getElementById("title").textContent), pattern, { timeout: 60_000 }),
    /** Waits for the end of a puzzle: "solved" or "unsolved". */
    done: (page, how) => page.waitForSelector(`body[data-done=${how}]`, { timeout: 120_000 }),
    async shoot(page, name) {
      if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
  };
}

/** Puzzles of the page. */
export const { examples } = await import("../../demo/examples.js");
export const model = () => readFileSync(join(root, "native/embedded/default.hrm"));
