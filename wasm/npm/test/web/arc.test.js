import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { blank, examplesOf, first, names, pack, parse, rules } from "../../demo/arcs.js";
import { folder, pages, skip } from "./browser.js";

const [rule] = rules;
const link = (of, grid) => `#a=${pack(of, grid)}`;
const cell = (page, r, c) => page.locator(".arc [role=gridcell]").nth(6 * r + c);
const now = async (page) => parse(await page.evaluate(() => location.hash)).grid;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe("the board of rules in Chromium", { skip }, () => {
  const made = folder();
  const site = pages(made);
  const { open, title, shoot } = site;
  const ended = (page) => page.waitForSelector("body[data-done]", { timeout: 120_000 });
  before(() => site.start());
  after(() => site.stop());

  test("its model is fetched when the tab is opened, and it looks and votes", async (t) => {
    const page = await open(t);
    await ended(page);
    const fetched = () => page.evaluate(() => performance.getEntriesByName(new URL("arc.hrm", location.href).href).length);
    assert.equal(await fetched(), 0);
    await page.click("[data-task=arc]");
    await page.waitForSelector("body[data-board=arc][data-done]", { timeout: 120_000 });
    assert.equal(await fetched(), 1);
    const film = await page.$$eval("#film button", (buttons) => buttons.map((b) => b.getAttribute("aria-label")));
    film.slice(0, -1).forEach((words, i) => assert.match(words, new RegExp(`^Look ${i + 1}: (\\d+ cells? (is|are) not right|this is right)\\.`)));
    assert.match(film.at(-1), /^Vote: \d of 8 say this, and it is (right|wrong)\.$/);
    assert.equal(await page.textContent("#title"), film.at(-1));
    assert.match(await page.textContent("#detail"), /^\d looks? in [\d.]+ m?s, at 8 forms of it at once, turned and mirrored\. The rule: /);
    assert.match(await page.textContent("#n-bytes"), /^\d+ kB$/);
    assert.match(await page.textContent("#n-training"), /^\d+ min$/);
    assert.equal(await page.locator(".examples canvas").count(), 3);
    await shoot(page, "arc");
    await page.locator("#film button").first().click();
    await title(page, "^Look 1: ");
    const [, wrong] = /(\d+) cells? (?:is|are) not right/.exec(await page.textContent("#title")) ?? ["", 0];
    assert.equal(await page.locator(".answer .wrong").count(), Number(wrong));
    assert.equal(await page.locator(".right.open").count(), 0); // the truth comes after its own answer
    assert.deepEqual(page.faults, []);
  });

  test("every rule's own input is answered right", async (t) => {
    const page = await open(t, { query: link(rule, first(rule)) });
    for (const of of rules) {
      await page.click(`[data-rule=${of.name}]`);
      await ended(page);
      assert.match(await page.textContent("#title"), /and it is right\.$/, of.name);
      assert.equal(await page.locator(".answer .wrong").count(), 0);
      assert.match(await page.textContent(".right"), /The right answer is the same/);
      assert.equal(await page.getAttribute(`[data-rule=${of.name}]`, "aria-pressed"), "true");
      await shoot(page, `arc-${of.name}`);
    }
    assert.deepEqual(page.faults, []);
  });

  test("an input is drawn with mouse and keyboard, undone, linked", async (t) => {
    const page = await open(t, { query: link(rule, first(rule)) });
    await ended(page);
    await page.click("#type");
    await page.click("#clear");
    assert.deepEqual(await now(page), blank());
    assert.equal(await page.isDisabled("#play"), true);
    assert.match(await page.textContent("#title"), /An empty grid/);
    const [, brush] = rule.colours;
    await page.click(`.palette [data-colour="${brush}"]`);
    await page.evaluate(() => scrollTo(0, 0));
    const box = async (r, c) => { const b = await cell(page, r, c).boundingBox(); return [b.x + b.width / 2, b.y + b.height / 2]; };
    await page.mouse.move(...await box(0, 0));
    await page.mouse.down();
    await page.mouse.move(...await box(0, 3));
    await page.mouse.up();
    assert.deepEqual((await now(page))[0], [brush, brush, brush, brush, 0, 0]);
    await page.click("#undo");
    assert.deepEqual(await now(page), blank());
    await cell(page, 1, 1).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press(String(rule.colours[0]));
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("9"); // none of the rule's colours
    assert.deepEqual((await now(page))[1], [0, brush, rule.colours[0], 0, 0, 0]);
    assert.match(await cell(page, 1, 1).getAttribute("aria-label"), new RegExp(`row 2, column 2: ${names[brush]}`));
    await page.fill("#text", "9".repeat(36));
    assert.match(await page.textContent("#text-note"), /maroon, 9, is none of this rule’s colours/);
    assert.equal(await page.isDisabled("#play"), true);
    await page.fill("#text", JSON.stringify(first(rule)));
    assert.deepEqual(await now(page), first(rule));
    await page.click("#done");
    await ended(page);
    const other = await open(t, { query: new URL(page.url()).hash });
    await ended(other);
    assert.deepEqual(await now(other), first(rule));
    assert.deepEqual([...page.faults, ...other.faults], []);
  });

  test("the picture is saved", async (t) => {
    const page = await open(t, { query: link(rule, first(rule)) });
    await ended(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.match(download.suggestedFilename(), /^arc-look-\d\.png$/);
    const path = join(process.env.HRM_SCREENSHOTS ?? made.path, "saved-arc.png");
    await download.saveAs(path);
    const png = readFileSync(path);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1080, 1280]);
    assert.ok(png.length > 15_000, `${png.length} bytes`);
  });

  test("on a phone all of it is on one screen, and fingers draw", async (t) => {
    const page = await open(t, { ...phone, query: link(rule, first(rule)) });
    await ended(page);
    await page.locator("#film button").first().tap();
    const boxes = await page.evaluate(() => [".examples", ".arc .grid", ".answer", ".palette", "#film", "#title", "#detail", "#play"].map((id) => {
      const { top, bottom, left, right } = document.querySelector(id).getBoundingClientRect();
      return { id, top, bottom, left, right };
    }));
    for (const b of boxes) assert.ok(b.top >= 0 && b.bottom <= 740 && b.left >= 0 && b.right <= 366, JSON.stringify(b));
    assert.ok(boxes[6].bottom <= boxes[7].top, "the bar hides the sentence");
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    await cell(page, 5, 5).tap();
    assert.notEqual((await now(page))[5][5], first(rule)[5][5]);
    await shoot(page, "arc-phone");
    assert.deepEqual(page.faults, []);
  });

  test("accessible in light, dark and forced colours", async (t) => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { ...phone, colorScheme: "dark" }, { forcedColors: "active" }]) {
      const page = await open(t, { ...options, query: link(rule, first(rule)), bypassCSP: true });
      await ended(page);
      await page.locator("#film button").first().click();
      await page.addScriptTag({ path: join(import.meta.dirname, "node_modules/axe-core/axe.min.js") });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((v) => `${JSON.stringify(options)}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`), []);
      const seen = await cell(page, 0, 0).evaluate((e) => getComputedStyle(e).backgroundColor);
      assert.notEqual(seen, await page.locator(".answer i").first().evaluate((e) => getComputedStyle(e).backgroundColor), "colours are gone");
      await shoot(page, `arc-${Object.values(options).at(-1)}-${options.viewport?.width ?? 1280}`);
    }
  });
});

test("the examples and inputs of the rules", () => {
  for (const of of rules) {
    assert.equal(examplesOf(of).length, 3);
    const colours = new Set(examplesOf(of).flatMap(({ input, output }) => [...input.flat(), ...output.flat()]));
    assert.deepEqual([...colours].sort(), [0, ...of.colours].sort(), `${of.name} shows other colours than it is learned with`);
    for (const { input } of examplesOf(of)) assert.notDeepEqual(input, first(of));
    assert.deepEqual(parse(`look: ${link(of, first(of))}`), { rule: of, grid: first(of) });
  }
  assert.match(parse("12", rules[0]).error, /2 cells; the grid has 6 rows of 6/);
  assert.match(parse("nothing 000000", rules[0]).error, /“nothing” is none of the rules/);
});
