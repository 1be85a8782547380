import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { distances, ends, kinds, pack, parse, way } from "../../demo/mazes.js";
import { folder, pages, root, skip } from "./browser.js";

/** Walls with "#" across a maze of 9 x 9, with one door. */
const wall = [".........", "..S......", ".........", ".........", "#####.###", ".........", ".........", "......G..", "........."].join("\n");
const closed = wall.replace("#####.###", "#########");
const link = (text) => `#m=${pack(parse(text).maze)}`;
const now = async (page) => parse(await page.evaluate(() => location.hash)).maze;
const mark = (maze, r, c) => maze.cells[r * maze.cols + c];

/** The middle of a cell on the screen. */
async function at(page, r, c) {
  const { rows, cols } = await now(page);
  const { x, y, width, height } = await page.locator(".maze canvas").boundingBox();
  return { x: x + (c + 0.5) / cols * width, y: y + (r + 0.5) / rows * height };
}

/** Presses a cell and goes on to others. */
async function drag(page, ...cells) {
  for (const [k, [r, c]] of cells.entries()) {
    const { x, y } = await at(page, r, c);
    await page.mouse.move(x, y);
    if (k === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

/** How many pixels of the board are nearly of a colour. */
const count = (page, name) => page.evaluate((variable) => {
  const canvas = document.querySelector(".maze canvas");
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(variable);
  pen.fillRect(0, 0, 1, 1);
  const want = pen.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) if ([0, 1, 2].every((k) => Math.abs(data[i + k] - want[k]) < 3)) n++;
  return n / (data.length / 4);
}, name);

describe("the maze board in Chromium", { skip }, () => {
  const made = folder();
  const site = pages(made);
  const { title, shoot } = site;
  let embedded = false; // a maze model, which knows its task; the other has random weights
  const ended = (page) => page.waitForSelector("body[data-done]", { timeout: 120_000 });
  const open = (t, { query = link(wall), ...options } = {}) => site.open(t, { query, ...options });

  before(async () => {
    execFileSync("go", ["run", "./wasm/npm/test/models", made.path], { cwd: root, stdio: "inherit" });
    embedded = /"maze"/.test(readFileSync(join(root, "native/embedded/embedded.go"), "utf8"));
    await site.start(...(embedded ? [] : ["--model", join(made.path, "arrows.hrm")]));
  });
  after(() => site.stop());

  test("walls are drawn with the mouse, S and G dragged, and it is solved", async (t) => {
    const page = await open(t);
    await ended(page);
    await page.click("[data-kind=empty]");
    await page.fill("#rows", "10");
    await page.fill("#cols", "10");
    await page.locator("#cols").press("Enter");
    assert.match(await page.textContent("#detail"), /^Shortest: 18 steps; breadth-first search takes [\d.]+ µs\./);
    await drag(page, [4, 0], [4, 4], [4, 8]); // a wall with a door at its right end
    let maze = await now(page);
    assert.deepEqual([0, 3, 5, 8, 9].map((c) => mark(maze, 4, c)), ["#", "#", "#", "#", " "]);
    await drag(page, [4, 0], [4, 1]); // a press on a wall takes walls away
    await drag(page, [0, 0], [2, 2], [2, 3]); // S is taken along
    await page.click("[data-tool=G]");
    await drag(page, [7, 0]); // or put with a press
    maze = await now(page);
    assert.deepEqual([[4, 0], [4, 1], [4, 2], [0, 0], [2, 3], [7, 0]].map(([r, c]) => mark(maze, r, c)), [" ", " ", "#", " ", "S", "G"]);
    assert.equal(await page.getAttribute("[data-tool='#']", "aria-pressed"), "true");
    const [start, goal] = ends(maze);
    const steps = distances(maze, start)[goal];
    assert.match(await page.textContent("#detail"), new RegExp(`^Shortest: ${steps} steps`));
    await shoot(page, "maze-drawn");
    await page.click("#play");
    await ended(page);
    assert.match(await page.textContent("#detail"), new RegExp(`looks? in .*Shortest: ${steps} steps; breadth-first search takes`));
    await shoot(page, "maze-solved");
    if (embedded) {
      assert.match(await page.textContent("#title"), new RegExp(`^Look \\d+: a shortest way, ${steps} steps\\.`));
      assert.ok(await count(page, "--path") > 0.02, "the way is not lit");
      assert.match(await page.textContent("#n-training"), /^\d+ min$/);
    }
    await page.locator(".row.draw [data-undo]").click();
    assert.equal(mark(await now(page), 9, 9), "G");
    assert.deepEqual(page.faults, []);
  });

  test("the wave fills the maze look by look, in the film and on the board", async (t) => {
    const page = await open(t);
    await ended(page);
    const names = await page.$$eval("#film button", (buttons) => buttons.map((b) => b.getAttribute("aria-label")));
    names.slice(0, -1).forEach((words, i) => assert.match(words, new RegExp(`^(Try 1, l|L)ook \\d+: (\\d+ % of cells lead to G|a shortest way)`), `${i}`));
    assert.match(await page.textContent("#bars"), /cells that do not lead to G/);
    const last = names.length - 1;
    const tinted = [];
    for (const i of [0, last]) {
      await page.locator("#film button").nth(i).click();
      tinted.push(1 - await count(page, "--surface"));
      assert.match(await page.textContent("#detail"), i === last ? /looks? in|Wants to stop/ : /^It writes \d+ arrows?\. (From S they lead|None leads on from S)/);
    }
    assert.ok(tinted[0] > 0.15, `${tinted}`); // unsure cells are amber
    const film = await page.locator("#film canvas").evaluateAll((list) => list.map((c) => [c.width, c.height]));
    for (const [w, h] of film) assert.deepEqual([w, h], [126, 126]);
    if (embedded) assert.match(names.at(-1), /a shortest way/);
    assert.deepEqual(page.faults, []);
  });

  test("the keyboard draws, and says where it is", async (t) => {
    const page = await open(t);
    await ended(page);
    await page.locator(".maze canvas").focus();
    for (const key of ["PageUp", "Home", "ArrowDown", "ArrowDown", "ArrowRight", "Space"]) await page.keyboard.press(key);
    assert.equal(await page.textContent("#live"), "row 3, column 2: wall");
    for (const key of ["Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "g", "ArrowDown", "s", "ArrowDown", "#", "Backspace"]) await page.keyboard.press(key);
    const maze = await now(page);
    assert.deepEqual([1, 2, 3, 4].map((c) => mark(maze, 2, c)), ["#", "#", "#", "G"]);
    assert.deepEqual([mark(maze, 3, 4), mark(maze, 4, 4), maze.cells.filter((m) => "SG".includes(m)).length], ["S", " ", 2]);
    await page.keyboard.press("Control+z");
    assert.equal(mark(await now(page), 4, 4), "#");
    await page.keyboard.press("Backspace");
    assert.match(await page.getAttribute(".maze canvas", "aria-label"), /^Maze of 9 rows and 9 columns, start in row 4, column 5, goal in row 3, column 5\./);
    await page.keyboard.press("Enter");
    await ended(page);
    assert.match(await page.textContent("#detail"), /Shortest: 1 step;/);
    assert.deepEqual(page.faults, []);
  });

  test("a G that cannot be reached is said at once", async (t) => {
    const page = await open(t);
    await ended(page);
    await page.click("#type");
    const ms = await page.evaluate((text) => {
      const began = performance.now();
      const field = document.getElementById("text");
      field.value = text;
      field.dispatchEvent(new Event("input"));
      return performance.now() - began;
    }, closed);
    assert.equal(await page.textContent("#title"), "There is no way from S to G.");
    assert.ok(ms < 200, `${ms} ms`);
    assert.equal(await page.textContent("#play"), "Let it try anyway");
    await shoot(page, "maze-closed");
    await page.click("#play");
    await page.waitForSelector("body[data-done=unsolved]", { timeout: 120_000 });
    assert.match(await page.textContent("#detail"), /Breadth-first search finds no way\.$/);
    for (const [text, words] of [[wall.replace("G", "."), /There is no goal, G/], [wall.replace(".", "q"), /“q” is no part of a maze/], ["#", /1 rows of 1 characters/]]) {
      await page.fill("#text", text);
      assert.match(await page.textContent("#text-note"), words);
      assert.equal(await page.isDisabled("#play"), true);
    }
    assert.deepEqual(page.faults, []);
  });

  test("mazes of any size, made in kinds", async (t) => {
    const page = await open(t, { reducedMotion: "no-preference" });
    await ended(page);
    await page.selectOption("#speed", "120");
    for (const [rows, cols] of [[2, 2], [9, 14], [60, 60]]) {
      await page.fill("#rows", String(rows));
      await page.fill("#cols", String(cols));
      await page.locator("#cols").press("Enter");
      for (const kind of Object.keys(kinds).filter((k) => k !== "empty" && (rows < 60 || k === "rooms"))) {
        await page.click(`[data-kind=${kind}]`);
        const maze = await now(page);
        assert.deepEqual([maze.rows, maze.cols], [rows, cols], kind);
        if (rows < 60) await ended(page);
        else await page.locator("#film button").nth(1).waitFor({ timeout: 60_000 });
        assert.equal(await page.getAttribute(`[data-kind=${kind}]`, "aria-pressed"), "true");
        const { width, height } = await page.locator(".maze canvas").boundingBox();
        assert.ok(Math.abs(width / height - cols / rows) < 0.02, `${width} x ${height}`);
      }
    }
    await shoot(page, "maze-60x60");
    await page.fill("#rows", "100000");
    await page.locator("#rows").press("Enter");
    assert.equal((await now(page)).rows, 99);
    assert.deepEqual(page.faults, []);
  });

  test("the boards change places, and the address has each", async (t) => {
    const page = await open(t);
    await ended(page);
    assert.equal(await page.evaluate(() => location.hash), link(wall));
    await page.getByRole("button", { name: "Sudoku", exact: true }).click();
    await page.waitForSelector("body[data-ready=sudoku]");
    await page.waitForSelector("body[data-done=solved]", { timeout: 60_000 });
    assert.match(await page.evaluate(() => location.hash), /^#s=/);
    await page.goBack();
    await page.waitForSelector("body[data-ready=maze]");
    assert.equal(await page.evaluate(() => location.hash), link(wall));
    await page.click("#play");
    await ended(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.match(download.suggestedFilename(), /^maze-look-\d+\.png$/);
    const path = join(process.env.HRM_SCREENSHOTS ?? made.path, "saved-maze.png");
    await download.saveAs(path);
    const png = readFileSync(path);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1080, 1280]);
    assert.deepEqual(page.faults, []);
  });

  test("a phone draws with a finger, all on one screen", async (t) => {
    const page = await open(t, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await ended(page);
    await page.locator("#film button").nth(1).tap();
    const boxes = await page.evaluate(() => [".maze canvas", "#film", "#title", "#detail", "#play"].map((s) => {
      const { top, bottom, left, right } = document.querySelector(s).getBoundingClientRect();
      return { s, top, bottom, left, right };
    }));
    for (const b of boxes) assert.ok(b.top >= 0 && b.bottom <= 740 && b.left >= 0 && b.right <= 366, JSON.stringify(b));
    assert.ok(boxes[3].bottom <= boxes[4].top, "the bar hides the sentence");
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    await shoot(page, "maze-phone");
    const cdp = await page.context().newCDPSession(page);
    const touch = async (type, cell) => {
      const point = cell && await at(page, ...cell);
      await cdp.send("Input.dispatchTouchEvent", { type, touchPoints: point ? [point] : [] });
    };
    await touch("touchStart", [2, 0]);
    for (const c of [3, 6, 8]) await touch("touchMove", [2, c]);
    await touch("touchEnd");
    const maze = await now(page);
    assert.deepEqual([0, 4, 8].map((c) => mark(maze, 2, c)), ["#", "#", "#"]);
    assert.equal(await page.textContent("#title"), "There is no way from S to G.");
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.locator(".row.draw").scrollIntoViewIfNeeded();
    await shoot(page, "maze-phone-tools");
    assert.deepEqual(page.faults, []);
  });

  test("accessible, in light and dark, and with forced colours", async (t) => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { forcedColors: "active" }, { colorScheme: "dark", viewport: { width: 360, height: 740 } }]) {
      const page = await open(t, { ...options, bypassCSP: true });
      await ended(page);
      await page.locator("#hood > summary").click();
      await page.click("#type");
      await shoot(page, `maze-${Object.values(options).map((o) => o.width ?? o).join("-")}`);
      await page.addScriptTag({ path: join(import.meta.dirname, "node_modules/axe-core/axe.min.js") });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((v) => `${JSON.stringify(options)}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`), []);
      assert.ok(await count(page, "--wall") > 0.05, "no walls are seen");
    }
  });

  test("the first maze of a visit", async (t) => {
    const page = await site.open(t, { query: "", reducedMotion: "no-preference" });
    if (await page.getAttribute("[data-task=maze]", "aria-pressed") === "false") await page.click("[data-task=maze]");
    await ended(page);
    if (!embedded) return;
    await title(page, "a shortest way, \\d+ steps");
    assert.ok(await page.locator("#film button").count() >= 5);
    assert.deepEqual(page.faults, []);
  });
});

test("arrows, and mazes as text", () => {
  const { maze } = parse(wall);
  const arrows = [...maze.cells].fill(" ");
  for (const i of [1 * 9 + 2, 2 * 9 + 2]) arrows[i] = "v"; // S goes two down, and then in a ring
  arrows[3 * 9 + 2] = ">";
  arrows[3 * 9 + 3] = "<";
  assert.deepEqual(way(maze, arrows.join("")), [11, 20, 29, 30]);
  for (const [text, error] of [["", /0 rows/], [`${wall}q`, /“q”/], ["#m=9x9.1.1.AAAA", /link/], ["#m=999x9.1.2.AAAA", /link/], [wall.replace("S", "G"), /no start/]]) assert.match(parse(text).error, error);
  for (const text of [wall, wall.replaceAll(".", " "), wall.replaceAll("#", "█"), JSON.stringify(wall.split("\n")), wall.replaceAll("\n", ""), `see ${link(wall)}`]) {
    assert.deepEqual(parse(text).maze, maze, text);
  }
});
