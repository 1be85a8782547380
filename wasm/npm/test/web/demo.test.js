import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { demo, examples, folder, launch, model, root, skip } from "./browser.js";

const screenshots = process.env.HRM_SCREENSHOTS; // a folder to keep them in
const unsolvable = `532${"53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79".slice(3)}`;

describe("the demo page in Chromium", { skip }, () => {
  const made = folder();
  let browser;
  let server;

  before(async () => {
    server = await demo(made.path);
    browser = await launch();
    execFileSync("go", ["run", "./wasm/npm/test/models", made.path], { cwd: root, stdio: "inherit" });
    const damaged = model();
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(join(made.path, "damaged.hrm"), damaged);
    writeFileSync(join(made.path, "own.hrm"), model());
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    made.remove();
  });

  /** A page of its own; fault lists what must not happen in it. */
  async function open(t, { query = "", viewport = { width: 1280, height: 900 }, ready = true, ...options } = {}) {
    const context = await browser.newContext({ viewport, reducedMotion: "reduce", ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (e) => page.faults.push(e.message));
    page.on("console", (m) => { if (m.type() === "error" && !/status of 404/.test(m.text())) page.faults.push(m.text()); });
    await page.goto(server.url + query);
    if (ready) await page.waitForSelector("body[data-ready]", { timeout: 60_000 });
    return page;
  }
  const status = (page, pattern, timeout = 120_000) => page.waitForFunction((p) => new RegExp(p).test(document.getElementById("status").textContent), pattern, { timeout });
  const shoot = async (page, name) => {
    const bytes = await page.screenshot({ fullPage: true, path: screenshots && join(screenshots, `${name}.png`) });
    assert.ok(bytes.length > 10_000, `${name}: a screenshot of ${bytes.length} bytes`);
  };
  const answer = (page) => page.$$eval(".sudoku [role=gridcell]", (cells) => cells.map((c) => c.textContent || ".").join(""));
  if (screenshots) mkdirSync(screenshots, { recursive: true });

  test("a hard puzzle typed by keystrokes is solved", async (t) => {
    const page = await open(t);
    await page.click("#clear");
    await page.selectOption("#attempts", "32");
    await page.locator(".sudoku [role=gridcell]").first().focus();
    const puzzle = examples.hard[1];
    for (const [i, c] of [...puzzle].entries()) {
      if (c !== ".") await page.keyboard.press(c);
      if (i % 9 < 8) await page.keyboard.press("ArrowRight");
      else for (const key of ["Home", "ArrowDown"]) await page.keyboard.press(key);
    }
    assert.equal(await page.inputValue("#text"), puzzle);
    await shoot(page, "typed");
    await page.keyboard.press("Enter");
    await status(page, "^Solved in");
    const solved = await answer(page);
    assert.match(solved, /^[1-9]{81}$/);
    assert.ok([...puzzle].every((c, i) => c === "." || c === solved[i]));
    for (let i = 0; i < 9; i++) {
      const row = solved.slice(9 * i, 9 * i + 9);
      const column = Array.from({ length: 9 }, (_, k) => solved[9 * k + i]).join("");
      assert.equal(new Set(row).size, 9, `row ${row}`);
      assert.equal(new Set(column).size, 9, `column ${column}`);
    }
    assert.match(await page.textContent("#segments"), /^[1-9]/);
    assert.match(await page.textContent("#facts"), /wasm, cpu\//);
    assert.match(await page.getAttribute("#chart", "aria-label"), /wants to stop/);
    await shoot(page, "solved");
    assert.deepEqual(page.faults, []);
  });

  test("digits and blanks, by keys, by touch and as text", async (t) => {
    const page = await open(t, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.click("#clear");
    await page.locator(".sudoku [role=gridcell]").nth(40).tap();
    await page.getByRole("button", { name: "Digit 7" }).tap();
    assert.equal((await page.inputValue("#text"))[40], "7");
    assert.match(await page.locator(".sudoku [role=gridcell]").nth(40).getAttribute("aria-label"), /row 5, column 5: 7, given/);
    await page.locator(".sudoku [role=gridcell]").nth(41).tap();
    await page.getByRole("button", { name: "Digit 7" }).tap();
    assert.match(await page.textContent("#status"), /twice/);
    assert.equal(await page.isDisabled("#solve"), true);
    await page.getByRole("button", { name: "Blank" }).tap();
    assert.equal(await page.isDisabled("#solve"), false);
    await page.fill("#text", "12");
    assert.match(await page.textContent("#text-note"), /2 of 81 cells/);
    await page.fill("#text", examples.easy[0]);
    assert.equal(await answer(page), examples.easy[0]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${width} pixels wide`);
    await shoot(page, "phone");
    assert.deepEqual(page.faults, []);
  });

  test("a puzzle in flight stops", async (t) => {
    const page = await open(t);
    await page.fill("#text", unsolvable);
    await page.selectOption("#attempts", "32");
    await page.click("#solve");
    await page.waitForFunction(() => Number(document.getElementById("segments").textContent) >= 2, null, { timeout: 60_000 });
    await page.click("#stop");
    await status(page, "^Stopped after", 1000);
    await page.getByRole("button", { name: "Easy" }).click();
    await page.click("#solve");
    await status(page, "^Solved in");
    assert.deepEqual(page.faults, []);
  });

  test("what is no model leaves a message, and a way on", async (t) => {
    for (const [name, query, message] of [
      ["404", "?model=nothing.hrm", /nothing\.hrm: the server answered 404 Not Found; check the address/],
      ["HTML", "?model=index.html", /index\.html is a page of HTML, not the file/],
    ]) {
      const page = await open(t, { query, ready: false });
      await page.waitForSelector("#error:not([hidden])");
      assert.match(await page.textContent("#error-text"), message, name);
      await shoot(page, `error-${name}`);
      await page.click("#error-builtin");
      await page.waitForSelector("body[data-ready]");
      assert.equal(await page.isVisible("#error"), false);
      await page.click("#solve");
      await status(page, "^(Solved|Not solved)");
      assert.deepEqual(page.faults, [], name);
    }
    const page = await open(t);
    await page.setInputFiles("#file", join(made.path, "damaged.hrm"));
    await page.waitForSelector("#error:not([hidden])");
    assert.match(await page.textContent("#error-text"), /does not match its sha256/);
    await page.click("#error-close");
    await page.setInputFiles("#file", join(made.path, "arc.hrm"));
    await page.waitForSelector("#error:not([hidden])");
    assert.match(await page.textContent("#error-text"), /solves arc puzzles. This page draws sudokus and mazes/);
    await page.getByRole("button", { name: "Easy" }).click();
    await page.click("#solve"); // the model from before is still there
    await status(page, "^Solved in");
    assert.deepEqual(page.faults, []);
  });

  test("a dropped file is the model", async (t) => {
    const page = await open(t);
    const data = await page.evaluateHandle((bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "own.hrm"));
      return transfer;
    }, model().toString("base64"));
    await page.dispatchEvent("body", "dragenter", { dataTransfer: data });
    assert.match(await page.getAttribute("#drop", "class"), /on/);
    await page.dispatchEvent("body", "drop", { dataTransfer: data });
    await page.waitForFunction(() => document.getElementById("facts").textContent.includes("own.hrm"));
    assert.equal(await page.isVisible("#builtin"), true);
    assert.deepEqual(page.faults, []);
  });

  test("int8 products use relaxed SIMD where it is exact", async (t) => {
    const page = await open(t);
    const exact = await page.evaluate(async () => {
      try {
        const { instance } = await WebAssembly.instantiateStreaming(fetch("/dist/hrm-relaxed.wasm"), { go: { mem: new WebAssembly.Memory({ initial: 2 }) } });
        return instance.exports.relaxed() === 1;
      } catch {
        return false;
      }
    });
    await page.setInputFiles("#file", join(made.path, "int8.hrm"));
    await page.waitForFunction(() => document.getElementById("facts").textContent.includes("int8.hrm"));
    const device = await page.textContent("#facts");
    t.diagnostic(`exact: ${exact}, ${device}`);
    assert.equal(device.includes("cpu/simd128-relaxed"), exact, device);
    assert.deepEqual(page.faults, []);
  });

  test("a maze is drawn and thought about", async (t) => {
    const page = await open(t);
    await page.getByRole("button", { name: "Maze", exact: true }).click();
    assert.match(await page.textContent("#status"), /For a maze, load a maze model/);
    await page.setInputFiles("#file", join(made.path, "maze.hrm"));
    await status(page, "^Ready");
    await page.click("#clear");
    const cell = (r, c) => page.locator(".maze [role=gridcell]").nth(30 * r + c);
    await cell(4, 4).hover();
    await page.mouse.down();
    await cell(4, 9).hover();
    await page.mouse.up();
    for (const c of [4, 6, 9]) assert.equal(await cell(4, c).getAttribute("data-mark"), "#");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("s");
    assert.equal(await cell(5, 9).getAttribute("data-mark"), "S");
    assert.equal(await page.locator(".maze [data-mark=S]").count(), 1);
    await page.selectOption("#attempts", "1");
    await page.click("#solve");
    await status(page, "^(Solved|Not solved)"); // its weights are random
    assert.equal(await page.textContent("#segments"), "3");
    await shoot(page, "maze");
    assert.deepEqual(page.faults, []);
  });

  test("accessible, in light and dark, on a phone and a desktop", async (t) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [{ width: 1280, height: 900 }, { width: 360, height: 740 }]) {
        const page = await open(t, { colorScheme, viewport, bypassCSP: true });
        await page.addScriptTag({ path: join(import.meta.dirname, "node_modules/axe-core/axe.min.js") });
        await page.getByRole("button", { name: "Easy" }).click();
        await page.click("#solve");
        await status(page, "^Solved in");
        const check = async (what) => {
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map((v) => `${what}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120))}`), []);
        };
        await check(`sudoku ${colorScheme}`);
        await shoot(page, `${colorScheme}-${viewport.width}`);
        await page.getByRole("button", { name: "Maze", exact: true }).click();
        await check(`maze ${colorScheme}`);
        assert.deepEqual(page.faults, []);
      }
    }
  });
});
