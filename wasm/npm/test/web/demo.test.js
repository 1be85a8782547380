import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { examples, folder, model, pages, root, skip } from "./browser.js";

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";
const blank = ".".repeat(81);

describe("the page in Chromium", { skip }, () => {
  const made = folder();
  const site = pages(made);

  before(async () => {
    await site.start();
    execFileSync("go", ["run", "./wasm/npm/test/models", made.path], { cwd: root, stdio: "inherit" });
    const damaged = model();
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(join(made.path, "damaged.hrm"), damaged);
    writeFileSync(join(made.path, "own.hrm"), model());
  });
  after(() => site.stop());

  const { open, title, done, shoot } = site;
  const digits = (page) => page.$$eval(".sudoku [role=gridcell] span", (cells) => cells.map((c) => c.textContent || ".").join(""));

  test("a first visit plays a puzzle by itself", async (t) => {
    const page = await open(t, { reducedMotion: "no-preference" });
    const times = [];
    page.on("console", (m) => { if (m.text().startsWith("look ")) times.push(Number(m.text().slice(5))); });
    await page.evaluate(() => {
      new MutationObserver(() => console.log(`look ${performance.now()}`)).observe(document.getElementById("film"), { childList: true });
    });
    await done(page, "solved");
    const film = await page.$$eval("#film button", (buttons) => buttons.map((b) => b.getAttribute("aria-label")));
    assert.ok(film.length >= 5, `${film}`);
    film.slice(0, -1).forEach((words, i) => assert.match(words, new RegExp(`^Look ${i + 1}: \\d+ cells? clash`)));
    assert.equal(film.at(-1), `Look ${film.length}: solved.`);
    const gaps = times.slice(2).map((at, i) => at - times[i + 1]).sort((a, b) => a - b);
    assert.ok(gaps[Math.floor(gaps.length / 2)] > 400, `a look every ${gaps} ms`);
    assert.equal(await page.textContent("#play"), "Play again");
    assert.match(await page.textContent("#detail"), new RegExp(`^In the first pass, without a guess: ${film.length} looks in `));
    assert.match(await page.textContent("#chart"), /that’s it/);
    assert.match(await page.getAttribute("#chart", "aria-label"), /wants to stop/);
    assert.match(await page.textContent("#n-parameters"), /^527,426$/);
    assert.equal(await page.textContent("#n-training"), "11 min");
    assert.match(await page.textContent("#n-look"), /^\d+(\.\d)? ms$/);
    assert.match(await page.textContent("#facts"), /TRM, a Tiny Recursive Model/);
    assert.match(await digits(page), /^[1-9]{81}$/);
    await shoot(page, "first");
    assert.deepEqual(page.faults, []);
  });

  test("the film goes back, and the clashes are on the board", async (t) => {
    const page = await open(t);
    await done(page, "solved"); // without motion it shows the answer at once, and stays
    assert.equal(await page.textContent("#play"), "Play again");
    await page.locator("#film button").nth(2).click();
    await title(page, "^Look 3: ");
    const [, n] = /(\d+) cells clash/.exec(await page.textContent("#title"));
    assert.equal(await page.locator(".sudoku .bad").count(), Number(n));
    const shown = await digits(page);
    const clash = (i, k) => shown[i] === shown[k] && i !== k && (i % 9 === k % 9 || Math.floor(i / 9) === Math.floor(k / 9)
      || (Math.floor(i / 27) === Math.floor(k / 27) && Math.floor((i % 9) / 3) === Math.floor((k % 9) / 3)));
    const red = await page.$$eval(".sudoku [role=gridcell]", (cells) => cells.flatMap((c, i) => (c.className.includes("bad") ? [i] : [])));
    for (const i of red) assert.ok([...shown].some((_, k) => clash(i, k)), `cell ${i} clashes with nothing`);
    const line = await page.locator(".sudoku .bad span").first().evaluate((e) => getComputedStyle(e).borderBottomStyle);
    assert.equal(line, "solid");
    await page.click("#back");
    const before = await digits(page);
    await page.click("#next");
    const former = await page.$$eval(".sudoku s", (marks) => marks.map((s) => s.dataset.former));
    former.forEach((f, i) => assert.equal(f, before[i] === shown[i] ? "" : before[i], `cell ${i}`));
    assert.match(await page.textContent("#detail"), new RegExp(`It changed ${former.filter(Boolean).length} cells`));
    await page.locator("#film [aria-current]").focus();
    await page.keyboard.press("ArrowRight");
    await title(page, "^Look 4: ");
    await page.keyboard.press(",");
    await title(page, "^Look 3: ");
    await page.locator("#chart .bar").nth(4).click();
    await title(page, "^Look 5: ");
    assert.deepEqual(page.faults, []);
  });

  test("playing pauses", async (t) => {
    const page = await open(t, { reducedMotion: "no-preference" });
    await page.selectOption("#speed", "900");
    await title(page, "^Look 2");
    await page.click("#play");
    assert.equal(await page.textContent("#play"), "Play");
    const stands = await page.textContent("#title");
    await page.waitForTimeout(1200);
    assert.equal(await page.textContent("#title"), stands);
    await page.selectOption("#speed", "120");
    await page.keyboard.press("k");
    await done(page, "solved");
    assert.deepEqual(page.faults, []);
  });

  test("guesses are told, the first pass apart", async (t) => {
    const page = await open(t, { query: `#s=${examples.hard[1]}` });
    await done(page, "solved");
    assert.match(await page.textContent("#detail"), /^First pass: 16 looks, \d+ cells clash at its end\. Guess \d+ led to the answer: \d+ looks in /);
    const names = await page.$$eval("#film button", (buttons) => buttons.map((b) => b.getAttribute("aria-label")));
    const first = names.findIndex((n) => n.startsWith("Guess 1, look 1"));
    assert.equal(first, 16);
    await page.locator("#film button").nth(first).click();
    const [, n] = /^It fills (\d+) cells? by a guess and looks again\./.exec(await page.textContent("#detail")) ?? [];
    assert.ok(n > 0, await page.textContent("#detail"));
    assert.equal(await page.locator(".sudoku .guess").count(), Number(n));
    await shoot(page, "guess");
    assert.match(await page.textContent("#chart"), /guess 1/);
    assert.deepEqual(page.faults, []);
  });

  test("the truth comes before thinking, within 200 ms", async (t) => {
    const page = await open(t);
    await done(page, "solved");
    await page.click("#type");
    for (const [puzzle, words] of [
      [`55${blank.slice(2)}`, /^This contradicts itself\. *5 stands twice in row 1/],
      [`532${easy.slice(3)}`, /^This (contradicts itself|has no solution)\./],
      [`5${blank.slice(1)}`, /^This has several solutions\. *One clue is too few/],
      [blank, /^An empty grid\./],
    ]) {
      const [said, ms] = await page.evaluate((text) => {
        const began = performance.now();
        const field = document.getElementById("text");
        field.value = text;
        field.dispatchEvent(new Event("input"));
        return [`${document.getElementById("title").textContent} ${document.getElementById("detail").textContent}`, performance.now() - began];
      }, puzzle);
      assert.match(said, words);
      assert.ok(ms < 200, `${ms} ms for ${puzzle}`);
      assert.equal(await page.textContent("#play"), puzzle === blank ? "Solve" : "Let it try anyway");
      assert.equal(await page.isDisabled("#play"), puzzle === blank);
    }
    await page.fill("#text", `532${easy.slice(3)}`);
    await shoot(page, "contradiction");
    await page.selectOption("#guesses", "0").catch(() => page.evaluate(() => { document.getElementById("guesses").value = "0"; }));
    await page.click("#play");
    await done(page, "unsolved");
    assert.match(await page.textContent("#title"), /did not find the answer/);
    assert.match(await page.textContent("#detail"), /^First pass: \d+ looks?, .* Not solved: row \d, column \d was given as \d and is \d/);
    assert.ok(await page.locator(".sudoku .over").count() > 0, "no clue is framed");
    await shoot(page, "unsolved");
    assert.deepEqual(page.faults, []);
  });

  test("a puzzle is typed, undone, and as bad text refused", async (t) => {
    const page = await open(t);
    await done(page, "solved");
    await page.click("#type");
    await page.click("#clear");
    await page.locator(".sudoku [role=gridcell]").first().focus();
    for (const [i, c] of [...easy].entries()) {
      if (c !== ".") await page.keyboard.press(c);
      if (i % 9 < 8) await page.keyboard.press("ArrowRight");
      else for (const key of ["Home", "ArrowDown"]) await page.keyboard.press(key);
    }
    assert.equal(await page.inputValue("#text"), easy);
    assert.match(await page.textContent("#detail"), /^30 clues, one solution/);
    await page.fill("#text", "5 3 hello");
    assert.match(await page.textContent("#text-note"), /“h” is no digit and no blank/);
    assert.equal(await page.isDisabled("#done"), true);
    assert.equal(await page.isDisabled("#play"), true);
    await page.fill("#text", JSON.stringify([...easy].map((c) => (c === "." ? 0 : Number(c)))));
    assert.equal(await page.isDisabled("#play"), false);
    assert.equal((await digits(page)).replaceAll(".", "").length, 30);
    await page.click("#undo");
    assert.notEqual(await digits(page), easy);
    await page.keyboard.press("Control+z");
    await page.fill("#text", easy);
    await page.click("#done");
    await done(page, "solved");
    assert.equal(await digits(page), "534678912672195348198342567859761423426853791713924856961537284287419635345286179");
    assert.deepEqual(page.faults, []);
  });

  test("the puzzle survives reload, back and a copied link", async (t) => {
    const page = await open(t, { permissions: ["clipboard-read", "clipboard-write"] });
    await done(page, "solved");
    const first = await page.evaluate(() => location.hash);
    await page.getByRole("button", { name: "Medium" }).click();
    await done(page, "solved");
    const second = await page.evaluate(() => location.hash);
    assert.equal(second, `#s=${examples.medium[0]}`);
    await page.goBack();
    assert.equal(await page.evaluate(() => location.hash), first);
    await page.waitForFunction((s) => [...document.querySelectorAll(".sudoku .given span")].filter((e) => e.textContent).length === s, first.replace(/[^1-9]/g, "").length);
    await page.goForward();
    await page.reload();
    await done(page, "solved");
    assert.equal(await page.evaluate(() => location.hash), second);
    await page.click("#link");
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(link, page.url());
    const other = await open(t, { query: new URL(link).hash });
    await done(other, "solved");
    const given = await other.$$eval(".sudoku .given span", (e) => e.length);
    assert.equal(given, examples.medium[0].replaceAll(".", "").length);
    assert.deepEqual(page.faults, []);
  });

  test("a dropped text is a puzzle, a dropped .hrm file the model, a pasted link a puzzle", async (t) => {
    const page = await open(t);
    const drop = async (name, bytes) => {
      const data = await page.evaluateHandle(([n, b]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(b), (c) => c.charCodeAt(0))], n));
        return transfer;
      }, [name, bytes.toString("base64")]);
      await page.dispatchEvent("body", "dragenter", { dataTransfer: data });
      assert.match(await page.getAttribute("#drop", "class"), /on/);
      await page.dispatchEvent("body", "drop", { dataTransfer: data });
    };
    await drop("puzzles.txt", Buffer.from(`${easy}\n${blank}\n`));
    await page.waitForFunction((s) => location.hash === `#s=${s}`, easy);
    await done(page, "solved");
    await drop("own.hrm", model());
    await page.waitForFunction(() => document.getElementById("facts").textContent.includes("own.hrm"));
    assert.equal(await page.locator("#builtin").evaluate((e) => e.hidden), false);
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", text);
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, `https://example.com/hrm/#s=${examples.easy[0]}`);
    await page.waitForFunction((s) => location.hash === `#s=${s}`, examples.easy[0]);
    await done(page, "solved");
    await drop("no.txt", Buffer.from("nothing of the kind"));
    await page.waitForFunction(() => /no\.txt: “n” is no digit/.test(document.getElementById("text-note").textContent));
    assert.deepEqual(page.faults, []);
  });

  test("the picture is saved", async (t) => {
    const page = await open(t);
    await done(page, "solved");
    await page.locator("#film button").nth(2).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.equal(download.suggestedFilename(), "sudoku-look-3.png");
    const path = join(process.env.HRM_SCREENSHOTS ?? made.path, "saved.png");
    await download.saveAs(path);
    const png = readFileSync(path);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1080, 1280]);
    const seen = await page.evaluate(async (b) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(b), (c) => c.charCodeAt(0))]));
      const pen = new OffscreenCanvas(1080, 1280).getContext("2d");
      pen.drawImage(image, 0, 0);
      const colours = new Map();
      const { data } = pen.getImageData(60, 132, 960, 960);
      for (let i = 0; i < data.length; i += 4) {
        const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
        colours.set(key, (colours.get(key) ?? 0) + 1);
      }
      return [...colours].filter(([, n]) => n > 2000).map(([key]) => key);
    }, png.toString("base64"));
    assert.ok(seen.includes("255,255,255") && seen.includes("251,225,221") && seen.length > 4, `colours ${seen}`); // cells, and clashes
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
      await page.click("#play");
      await done(page, "solved");
      assert.deepEqual(page.faults, [], name);
    }
    const page = await open(t);
    await done(page, "solved");
    await page.setInputFiles("#file", join(made.path, "damaged.hrm"));
    await page.waitForSelector("#error:not([hidden])");
    assert.match(await page.textContent("#error-text"), /does not match its sha256/);
    await page.click("#error-close");
    await page.setInputFiles("#file", join(made.path, "grid.hrm"));
    await page.waitForSelector("#error:not([hidden])");
    assert.match(await page.textContent("#error-text"), /solves grid puzzles. This page draws sudokus, mazes and grids of ARC/);
    await page.click("#error-close");
    await page.getByRole("button", { name: "Easy" }).click(); // the model from before is still there
    await done(page, "solved");
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
});
