// Makes the pictures of the page in the documents, from the page itself:
//
//	npm ci --prefix wasm/npm/test/web && go run ./wasm/build && node wasm/npm/test/web/pictures.mjs docs
import { join } from "node:path";
import { demo, folder, launch, skip } from "./browser.js";

if (skip) throw new Error(skip);
const to = process.argv[2] ?? "docs";
const made = folder();
const server = await demo(made.path);
const browser = await launch();

/** name, the tab, the look that is shown: from the first one, or below 0 from the last. */
const pictures = [["page", "sudoku", 2], ["page-maze", "maze", -1], ["page-arc", "arc", -1]];

try {
  for (const [name, task, look] of pictures) {
    const page = await browser.newPage({ viewport: { width: 1184, height: 900 }, reducedMotion: "reduce", colorScheme: "light", serviceWorkers: "block" });
    await page.goto(server.url);
    await page.waitForSelector("body[data-done]", { timeout: 60_000 });
    if (task !== "sudoku") {
      await page.click(`[data-task=${task}]`);
      await page.waitForSelector(`body[data-board=${task}][data-done]`, { timeout: 120_000 });
    }
    const thumbs = page.locator("#film button");
    if (look >= 0) await thumbs.nth(look).click();
    await page.mouse.move(0, 0);
    const [stage, story] = await Promise.all([".stage", ".story"].map((part) => page.locator(part).boundingBox()));
    const bottom = Math.max(stage.y + stage.height, story.y + story.height);
    const clip = { x: stage.x - 16, y: stage.y - 16, width: story.x + story.width - stage.x + 32, height: bottom - stage.y + 32 };
    await page.screenshot({ path: join(to, `${name}.png`), clip });
    console.log(`${name}.png: ${await page.textContent("#title")}`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.stop();
  made.remove();
}
