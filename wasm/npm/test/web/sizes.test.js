import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { folder, pages, root, skip } from "./browser.js";

const { sizes } = await import("../../demo/sizes.js");
const { solutions } = await import("../../demo/rules.js");
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const sides = Object.keys(sizes).map(Number);
const first = (side) => Object.values(sizes[side]).at(-1)[0];
const answer = (puzzle) => solutions(puzzle).found[0];
const served = existsSync(join(root, "native/embedded/sudoku-sizes.hrm"));

describe("sudokus of other sizes in Chromium", { skip: skip || (!served && "no native/embedded/sudoku-sizes.hrm") }, () => {
  const made = folder();
  const site = pages(made);
  const { open, done, shoot } = site;
  before(() => site.start());
  after(() => site.stop());

  const digits = (page) => page.$$eval(".sudoku [role=gridcell] span", (cells) => cells.map((c) => c.textContent || ".").join(""));
  const hash = (page, puzzle) => page.waitForFunction((s) => location.hash === `#s=${s}`, puzzle);
  const chosen = (page) => page.getAttribute("#sizes [aria-pressed=true]", "data-side");
  const choose = async (page, side) => {
    await page.getByRole("button", { name: `${side} × ${side}`, exact: true }).click();
    await page.waitForFunction((n) => document.querySelectorAll(".sudoku [role=gridcell]").length === n, side * side);
  };
  const paste = (page, text) => page.evaluate((s) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", s);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, text);

  test("a size is chosen, its model comes then, and it plays", async (t) => {
    const page = await open(t);
    const asked = [];
    page.on("request", (r) => { if (/\.hrm$/.test(r.url())) asked.push(r.url().split("/").at(-1)); });
    await done(page, "solved");
    const nine = await page.evaluate(() => location.hash.slice(3));
    assert.deepEqual([asked, await chosen(page)], [[], "9"]);
    for (const side of sides.filter((n) => n !== 9)) {
      await choose(page, side);
      await done(page, "solved");
      await hash(page, first(side));
      assert.equal(await chosen(page), String(side));
      assert.equal(await digits(page), answer(first(side)));
      await shoot(page, `size-${side}`);
    }
    assert.deepEqual(asked, ["sudoku-sizes.hrm"]);
    assert.match(await page.textContent("#n-bytes"), /^\d\d kB$/);
    await choose(page, 6);
    const lines = await page.$$eval(".sudoku [role=gridcell]", (cells) => cells.slice(0, 18).map((c) => {
      const { borderRightWidth, borderBottomWidth } = getComputedStyle(c);
      return borderRightWidth[0] + borderBottomWidth[0];
    }));
    assert.deepEqual(lines, ["11", "11", "21", "11", "11", "01", "12", "12", "22", "12", "12", "02", "11", "11", "21", "11", "11", "01"]); // boxes of 2 x 3
    await page.getByRole("button", { name: "Medium" }).click();
    await done(page, "solved");
    await hash(page, sizes[6].medium[0]);
    await page.goBack();
    await hash(page, first(6));
    await choose(page, 9);
    await hash(page, nine);
    await done(page, "solved");
    assert.deepEqual(asked, ["sudoku-sizes.hrm"]);
    assert.deepEqual(page.faults, []);
  });

  test("links, texts and files of another size bring it, typing does not", async (t) => {
    const page = await open(t, { query: `#s=${first(6)}` });
    await done(page, "solved");
    assert.equal(await digits(page), answer(first(6)));
    await paste(page, "1...\n..3.\n...2\n.4..");
    await hash(page, "1.....3....2.4..");
    await done(page, "solved");
    await paste(page, first(8).match(/.{8}/g).join("\n"));
    await hash(page, first(8));
    await done(page, "solved");
    await page.click("#type");
    await page.fill("#text", "");
    await page.locator("#text").pressSequentially("................");
    assert.match(await page.textContent("#text-note"), /^16 of 64 cells/);
    await page.fill("#text", first(4));
    await hash(page, first(4));
    assert.equal(await chosen(page), "4");
    await page.click("#undo");
    await hash(page, first(8));
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    await download.saveAs(join(process.env.HRM_SCREENSHOTS ?? made.path, "saved-8.png"));
    assert.deepEqual(page.faults, []);
  });

  test("letters are typed by keys and by thumbs, and the rules know them", async (t) => {
    const page = await open(t, { ...phone, query: `#s=${".".repeat(255)}1` });
    const cell = (i) => page.locator(".sudoku [role=gridcell]").nth(i);
    await cell(0).tap();
    await page.getByRole("button", { name: "Digit G" }).tap();
    assert.equal(await cell(0).getAttribute("aria-label"), "row 1, column 1: G, given");
    await cell(0).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("g");
    assert.match(await page.textContent("#detail"), /G stands twice in row 1/);
    assert.equal(await cell(1).getAttribute("aria-label"), "row 1, column 2: G, given, clashes");
    await page.keyboard.press("h"); // none
    await page.getByRole("button", { name: "Blank" }).tap();
    assert.equal(await cell(1).getAttribute("aria-label"), "row 1, column 2: blank");
    assert.match(await page.textContent("#title"), /several solutions/);
    const [board, sheet] = await page.evaluate(() => [".sudoku", "#sheet"].map((s) => document.querySelector(s).getBoundingClientRect().toJSON()));
    assert.ok(sheet.bottom <= 740 && board.bottom <= sheet.top + 4, "the sheet covers the board");
    assert.equal(await page.locator("#pad button").count(), 17);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    assert.deepEqual(page.faults, []);
  });

  test("a visitor's model of candidates is for all sizes, one of 9 x 9 brings that", async (t) => {
    const page = await open(t);
    await done(page, "solved");
    await page.setInputFiles("#file", join(root, "train/start/sudoku-candidates.hrm"));
    const from = (name) => page.waitForFunction((s) => document.getElementById("facts").textContent.includes(s), name);
    await from("sudoku-candidates.hrm");
    for (const side of [6, 9, 4]) {
      await choose(page, side);
      await from("sudoku-candidates.hrm");
      await page.waitForSelector("body[data-done]", { timeout: 120_000 });
    }
    assert.equal(await digits(page), answer(first(4)));
    await page.locator("#hood > summary").click();
    await page.click("#builtin");
    await from("the built-in model");
    assert.match(await page.textContent("#n-bytes"), /^\d\d kB$/);
    assert.equal(await page.isVisible("#builtin"), false);
    await page.setInputFiles("#file", { name: "nine.hrm", mimeType: "", buffer: readFileSync(join(root, "native/embedded/default.hrm")) });
    await from("nine.hrm");
    assert.equal(await chosen(page), "9");
    await choose(page, 4);
    await from("the built-in model");
    assert.deepEqual(page.faults, []);
  });

  test("accessible, in light and dark, on a phone and a desktop", async (t) => {
    for (const [colorScheme, options, side] of [["light", { viewport: { width: 1280, height: 900 } }, 16], ["dark", phone, 16], ["dark", phone, 6]]) {
      const page = await open(t, { colorScheme, ...options, bypassCSP: true, query: `#s=${sizes[side].hard[0]}` });
      await page.addScriptTag({ path: join(import.meta.dirname, "node_modules/axe-core/axe.min.js") });
      await page.waitForSelector("body[data-done]", { timeout: 120_000 });
      await page.locator("#film button").first().click();
      await page.click("#type");
      await shoot(page, `sizes-${colorScheme}-${side}`);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((v) => `${colorScheme} ${side}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= options.viewport.width);
      assert.deepEqual(page.faults, []);
    }
  });
});
