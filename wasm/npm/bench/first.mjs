// From opening the demo page to its first answer in Chromium: fetch, compile,
// load the embedded model, which solves its puzzle by itself. Each round has a new
// profile, so nothing is cached.
//
//	go run ./wasm/build && node wasm/npm/bench/first.mjs [ROUNDS]
import { demo, folder, launch, skip } from "../test/web/browser.js";

if (skip) throw new Error(skip);
const rounds = Number(process.argv[2] ?? 9);
const made = folder();
const server = await demo(made.path);

const ready = [];
const answered = [];
try {
  for (let r = 0; r < rounds; r++) {
    const browser = await launch();
    const page = await browser.newPage({ reducedMotion: "reduce" });
    await page.goto(server.url);
    await page.waitForFunction(() => performance.getEntriesByName("hrm-answer").length > 0, null, { timeout: 60_000 });
    const [atReady, atAnswer] = await page.evaluate(() => ["hrm-ready", "hrm-answer"].map((name) => performance.getEntriesByName(name)[0].startTime));
    ready.push(atReady);
    answered.push(atAnswer);
    await browser.close();
  }
} finally {
  await server.stop();
  made.remove();
}
const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1];
for (const [name, list] of [["ready", ready], ["first answer", answered]]) {
  console.log(`${name}: ${middle(list).toFixed(0)} ms median, ${list[0].toFixed(0)} best, of ${rounds}`);
}
