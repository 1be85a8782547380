import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { examples, folder, pages, skip } from "./browser.js";

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe("the page's layout in Chromium", { skip }, () => {
  const made = folder();
  const site = pages(made);
  const { open, done, shoot } = site;
  before(() => site.start());
  after(() => site.stop());

  const boxes = (page, ...ids) => page.evaluate((list) => list.map((id) => {
    const { top, bottom, left, right } = document.querySelector(id).getBoundingClientRect();
    return { id, top, bottom, left, right };
  }), ids);
  const fits = async (page, width) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${wide} pixels wide`);
  };

  test("a phone has board, film, sentence and thumb bar on one screen", async (t) => {
    const page = await open(t, phone);
    await done(page, "solved");
    for (const look of [0, 2]) {
      await page.locator("#film button").nth(look).tap();
      const all = await boxes(page, ".sudoku", "#film", "#title", "#detail", "#play", "#back", "#next", "#speed");
      for (const b of all) assert.ok(b.top >= 0 && b.bottom <= 740 && b.left >= 0 && b.right <= 366, JSON.stringify(b));
      const [, , , detail, play] = all;
      assert.ok(detail.bottom <= play.top, "the bar hides the sentence");
    }
    await fits(page, 360);
    await shoot(page, "phone");
    await page.locator(".sudoku [role=gridcell]").nth(40).tap();
    const [board, sheet] = await boxes(page, ".sudoku", "#sheet");
    assert.ok(sheet.bottom <= 740 && board.bottom <= sheet.top + 4, "the sheet covers the board");
    await page.getByRole("button", { name: "Clear", exact: true }).tap();
    await page.getByRole("button", { name: "Digit 7" }).tap();
    assert.match(await page.locator(".sudoku [role=gridcell]").nth(40).getAttribute("aria-label"), /row 5, column 5: 7, given/);
    await page.locator(".sudoku [role=gridcell]").nth(41).tap();
    await page.getByRole("button", { name: "Digit 7" }).tap();
    assert.match(await page.textContent("#detail"), /7 stands twice in row 5/);
    await page.getByRole("button", { name: "Blank" }).tap();
    await shoot(page, "phone-keypad");
    for (const b of await page.$$eval("button, select, summary", (list) => list.filter((e) => e.offsetParent && !e.closest("#film")).map((e) => [e.id || e.textContent, e.offsetHeight]))) {
      assert.ok(b[1] >= 24, `${b[0]} is ${b[1]} pixels high`);
    }
    assert.deepEqual(page.faults, []);
  });

  test("a phone on its side, a tablet and a small window", async (t) => {
    for (const [name, viewport, within] of [["sideways", { width: 740, height: 360 }, 360], ["tablet", { width: 820, height: 1180 }, 1180], ["narrow", { width: 320, height: 640 }, 640]]) {
      const page = await open(t, { ...phone, viewport });
      await done(page, "solved");
      for (const b of await boxes(page, ".sudoku", "#title", "#play")) assert.ok(b.top >= 0 && b.bottom <= within && b.right <= viewport.width, `${name}: ${JSON.stringify(b)}`);
      await fits(page, viewport.width);
      await shoot(page, name);
    }
  });

  test("accessible, in light and dark, on a phone and a desktop", async (t) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const options of [{ viewport: { width: 1280, height: 900 } }, phone]) {
        const page = await open(t, { colorScheme, ...options, bypassCSP: true });
        await page.addScriptTag({ path: join(import.meta.dirname, "node_modules/axe-core/axe.min.js") });
        const name = `${colorScheme}-${options.viewport.width}`;
        const check = async (what) => {
          await shoot(page, `${name}-${what}`);
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map((v) => `${what} ${name}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`), []);
        };
        await done(page, "solved");
        await check("solved");
        await page.locator("#film button").nth(2).click();
        await check("look");
        await page.locator("#hood > summary").click();
        await page.locator("#meta summary").click();
        await check("hood");
        await page.click("#type");
        await page.fill("#text", "12");
        await check("typing");
        await page.fill("#text", `55${".".repeat(79)}`);
        await check("contradiction");
        assert.deepEqual(page.faults, []);
      }
    }
  });

  test("forced colours keep the marks", async (t) => {
    const page = await open(t, { forcedColors: "active", query: `#s=${examples.extreme[0]}` });
    await done(page, "solved");
    await page.locator("#film button").nth(2).click();
    const [bad, unsure] = await page.evaluate(() => [".bad span", ".unsure span"].map((s) => getComputedStyle(document.querySelector(`.sudoku ${s}`))).map((c) => [c.borderBottomStyle, c.fontStyle]));
    assert.equal(bad[0], "double");
    assert.equal(unsure[1], "italic");
    await shoot(page, "forced");
  });
});
